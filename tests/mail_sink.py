"""A mail server that keeps what it is given, for whoever tests the groupware's own messages."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers import free_port


class MailSink:
    """Takes every message by SMTP on loopback; ``refuses`` makes it say no to all of them for now (451)."""

    def __init__(self) -> None:
        self.port = free_port()
        self.messages: list[EmailMessage] = []
        self.refuses = False
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> MailSink:
        self._controller.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep it, or say that there is trouble."""
        if self.refuses:
            return "451 4.3.0 Try again later"
        content: Any = envelope.content
        self.messages.append(BytesParser(policy=email.policy.default).parsebytes(content))
        return "250 2.0.0 Kept"

    def to(self, address: str) -> list[EmailMessage]:
        """The messages to one address, in order of arrival."""
        return [message for message in self.messages if message["To"] == address]

    def take(self) -> list[EmailMessage]:
        """Everything that came since the last time."""
        taken, self.messages = self.messages, []
        return taken


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """The plain text or the HTML of a message."""
    part = message.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content())
