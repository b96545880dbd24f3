"""Puts the messages worth reading into the mailboxes, once per data folder."""

from __future__ import annotations

import imaplib
from pathlib import Path

from tests.sandbox.mailboxes import open_mailbox, quoted
from tests.sandbox.messages import Letter, letters


def seed(marker: Path, imap_port: int, secret: str) -> None:
    """Appends every letter with its folder, flags and date; `marker` says that it was done."""
    if marker.exists():
        return
    by_address: dict[str, list[Letter]] = {}
    for letter in letters():
        by_address.setdefault(letter.mailbox, []).append(letter)
    for address, mine in by_address.items():
        with open_mailbox(imap_port, secret, address) as mailbox:
            for folder in dict.fromkeys(letter.folder for letter in mine):
                if folder != "INBOX":
                    mailbox.create(quoted(folder))
                    mailbox.subscribe(quoted(folder))
            for letter in mine:
                _append(mailbox, letter)
    marker.touch()


def _append(mailbox: imaplib.IMAP4, letter: Letter) -> None:
    flags = f"({' '.join(letter.flags)})"
    date = imaplib.Time2Internaldate(letter.received_at)
    answer, words = mailbox.append(quoted(letter.folder), flags, date, letter.raw)
    if answer != "OK":
        raise RuntimeError(f"Dovecot refused a message: {words!r}")
