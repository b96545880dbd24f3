"""Ring for a worker. The row is the truth: when Redis is away, the next sweep finds the work by itself."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring(task: Any, *arguments: Any, after: float = 0) -> None:
    """Start ``task`` once the transaction is committed, ``after`` seconds; a missing broker only makes it later."""

    def send() -> None:
        try:
            task.apply_async(arguments, countdown=after or None, retry=False)
        except OperationalError:
            logger.warning("No broker: %s waits for the next sweep.", task.name)

    transaction.on_commit(send)
