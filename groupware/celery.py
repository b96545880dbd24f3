"""The Celery application: three queues, and a beat that only rings bells.

``interactive`` holds what a person waits for (receive now, send), ``sync`` the polling, ``maintenance`` the tokens
and the cleaning. Every entry of the schedule starts a sweep which looks at rows, so a lost task is found again.
"""

import os
from datetime import timedelta

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groupware.settings")

from django.conf import settings

from groupware import broker

broker.install()
app = Celery("groupware")
app.conf.update(settings.CELERY)
app.conf.task_routes = {
    "webmail.tasks.receive_now": {"queue": "interactive"},
    "webmail.tasks.deliver": {"queue": "interactive"},
    "webmail.tasks.push_operations": {"queue": "interactive"},
    "webmail.tasks.sync_*": {"queue": "sync"},
    "webmail.tasks.*": {"queue": "maintenance"},
    "oauthservers.tasks.*": {"queue": "maintenance"},
    "groupware.*": {"queue": "maintenance"},
}
app.conf.beat_schedule = {
    "receive due mail accounts": {
        "task": "webmail.tasks.sync_due_accounts",
        "schedule": timedelta(seconds=settings.SYNC_SWEEP_SECONDS),
    },
    "deliver due messages": {
        "task": "webmail.tasks.deliver_due",
        "schedule": timedelta(seconds=15),
    },
    "clean up": {"task": "webmail.tasks.clean_up", "schedule": crontab(minute="17", hour="3")},
    "refresh access tokens ahead of need": {
        "task": "oauthservers.tasks.refresh_due_grants",
        "schedule": timedelta(seconds=settings.TOKEN_SWEEP_SECONDS),
    },
    "keep idle connections alive": {
        "task": "oauthservers.tasks.keep_idle_grants_alive",
        "schedule": crontab(minute="41"),
    },
    "purge stale authorization requests": {
        "task": "oauthservers.tasks.purge_requests",
        "schedule": timedelta(minutes=10),
    },
}
app.autodiscover_tasks()
