"""A moment as a message or a line of a table says it: date and time in the language and zone that are active."""

from __future__ import annotations

from datetime import datetime

from django.utils import formats, timezone


def in_words(moment: datetime) -> str:
    """The date as the language writes it and the time as 14:05, so that a full stop may follow."""
    local = timezone.localtime(moment)
    return f"{formats.date_format(local, 'DATE_FORMAT')} {formats.date_format(local, 'H:i')}"
