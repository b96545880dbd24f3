"""Celery entry points of the groupware itself."""

from __future__ import annotations

from celery import shared_task

from groupware import heartbeat


@shared_task(ignore_result=True)
def beat(queue: str) -> None:
    """Write down that a worker looks at ``queue``."""
    heartbeat.note(queue)
