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

from groupware import broker, heartbeat

broker.install()
app = Celery("groupware")
app.conf.update(settings.CELERY)
app.conf.task_routes = {
    "webmail.tasks.receive_now": {"queue": "interactive"},
    "webmail.tasks.deliver": {"queue": "interactive"},
    "webmail.tasks.check_mailbox": {"queue": "interactive"},
    "webmail.tasks.push_operations": {"queue": "interactive"},
    "webmail.tasks.send_invitations": {"queue": "interactive"},
    "webmail.tasks.sync_*": {"queue": "sync"},
    "webmail.tasks.*": {"queue": "maintenance"},
    "oauthservers.tasks.test_server": {"queue": "interactive"},
    "oauthservers.tasks.poll_device*": {"queue": "interactive"},
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
    "let search follow the mail": {
        "task": "webmail.tasks.index_messages",
        "schedule": timedelta(seconds=settings.INDEX_SWEEP_SECONDS),
        "options": {"expires": settings.INDEX_SWEEP_SECONDS},
    },
    "send due invitations": {
        "task": "webmail.tasks.send_invitations",
        "schedule": timedelta(seconds=60),
    },
    "erase removed mail accounts": {
        "task": "webmail.tasks.erase_removed",
        "schedule": timedelta(minutes=10),
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
    "test authorization servers in use": {
        "task": "oauthservers.tasks.test_servers",
        "schedule": timedelta(minutes=5),
    },
    **{
        f"heartbeat of {queue}": {
            "task": "groupware.tasks.beat",
            "args": [queue],
            "schedule": timedelta(seconds=heartbeat.EVERY_SECONDS),
            # An old one says nothing, and must not pile up while nobody takes it.
            "options": {"queue": queue, "expires": 2 * heartbeat.EVERY_SECONDS},
        }
        for queue in heartbeat.QUEUES
    },
    "ask whether device codes were approved": {
        "task": "oauthservers.tasks.poll_devices",
        "schedule": timedelta(seconds=settings.DEVICE_SWEEP_SECONDS),
    },
    "purge stale authorization requests": {
        "task": "oauthservers.tasks.purge_requests",
        "schedule": timedelta(minutes=10),
    },
    "tell servers what was given up": {
        "task": "oauthservers.tasks.tell_servers",
        "schedule": timedelta(minutes=1),
    },
    "give up connections that nobody needs": {
        "task": "webmail.tasks.release_unused_grants",
        "schedule": timedelta(minutes=5),
    },
    "tell people what has stopped": {
        "task": "groupware.notices.tasks.send_due",
        "schedule": timedelta(seconds=settings.NOTICE_SWEEP_SECONDS),
    },
    "send the digest of administrators": {
        "task": "groupware.notices.tasks.send_digests",
        "schedule": crontab(minute="23"),
    },
}
app.autodiscover_tasks()
