"""The sandbox's own way into every mailbox, past tokens and passwords."""

from __future__ import annotations

import base64
import imaplib
from collections.abc import Iterator
from contextlib import contextmanager

from tests.sandbox.dovecot import MASTER


@contextmanager
def open_mailbox(port: int, secret: str, address: str) -> Iterator[imaplib.IMAP4]:
    """A logged-in IMAP connection to somebody's mailbox."""
    connection = imaplib.IMAP4("127.0.0.1", port, timeout=30)
    try:
        connection.login(f"{address}*{MASTER}", secret)
        yield connection
    finally:
        connection.logout()


def quoted(folder: str) -> str:
    """A folder name for the wire: modified UTF-7 (RFC 3501 section 5.1.3), in quotes."""
    pieces, pending = [], ""
    for character in folder + "\0":
        if 0x20 <= ord(character) < 0x7F or character == "\0":
            if pending:
                coded = pending.encode("utf-16-be")
                pieces.append("&" + _base64(coded) + "-")
                pending = ""
            pieces.append({"&": "&-", "\0": ""}.get(character, character))
        else:
            pending += character
    return '"' + "".join(pieces) + '"'


def _base64(data: bytes) -> str:

    return base64.b64encode(data).decode().rstrip("=").replace("/", ",")
