"""Real workers that begin and end in the middle of a story."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from tests.conftest import kill_workers, start_workers
from webmail.models import MailAccount, OutgoingMessage


@contextmanager
def working() -> Iterator[subprocess.Popen[bytes]]:
    """A Celery process with beat; whatever it is doing at the end of the block, SIGKILL ends it."""
    process = start_workers()
    try:
        yield process
    finally:
        kill_workers(process)


def let_leases_end() -> None:
    """What a dead worker holds is free again, as minutes later."""
    for model in (MailAccount, OutgoingMessage):
        model._base_manager.filter(lease_expires_at__isnull=False).update(
            lease_expires_at=timezone.now()
        )
    MailAccount.objects.update(next_sync_at=timezone.now())
