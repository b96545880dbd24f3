"""Celery entry points: what is wrong now becomes notices, due ones become e-mail, once a day a digest."""

from __future__ import annotations

from celery import shared_task

from groupware.notices import digests, mailing, telling


@shared_task(ignore_result=True, soft_time_limit=300, time_limit=360)
def send_due() -> None:
    """Look at what is wrong now, then send every notice that is due."""
    try:
        telling.reconcile_all()
    finally:  # a kind that cannot say what is wrong does not keep back what is known
        for pk in mailing.due():
            mailing.send(pk)


@shared_task(ignore_result=True, soft_time_limit=300, time_limit=360)
def send_digests() -> None:
    """Send the digest to administrators for whom it is morning, and forget what is long over."""
    digests.send_due()
    telling.forget_old()
