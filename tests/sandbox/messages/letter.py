"""A message together with the place where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Letter:
    """`raw` has CRLF line ends; `received_at` is aware; `flags` are IMAP system flags."""

    mailbox: str
    folder: str
    raw: bytes
    received_at: datetime
    flags: tuple[str, ...] = ()
