#!/bin/sh
# usage: entrypoint web | worker QUEUES [CONCURRENCY] | beat | manage …
set -eu
role="${1:-web}"
[ $# -eq 0 ] || shift
case "$role" in
  web)
    exec gunicorn groupware.wsgi:application --bind 0.0.0.0:8000 --workers "${WEB_WORKERS:-2}" \
      --threads "${WEB_THREADS:-8}" --timeout 60 --worker-tmp-dir /dev/shm --access-logfile - \
      --access-logformat '{"at": "%(t)s", "method": "%(m)s", "path": "%(U)s", "status": %(s)s, "seconds": %(L)s}' ;;
  worker)
    # Threads suit work that waits for servers; --max-memory-per-child is for prefork only.
    exec celery -A groupware worker --pool=threads -Q "$1" -c "${2:-8}" --loglevel INFO ;;
  beat)
    exec celery -A groupware beat --loglevel INFO ;;
  manage)
    exec python manage.py "$@" ;;
  *)
    echo "entrypoint: unknown role $role" >&2
    exit 2 ;;
esac
