"""Takes mail from Dovecot's submission service and puts it into mailboxes by LMTP.

Addresses with a meaning for tests: `tempfail-…` is refused with 451, `reject-…` with 550,
`refuse-data-…` is accepted and then its message is refused with 554.
"""

from __future__ import annotations

import smtplib
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.sandbox.dovecot import MAX_MESSAGE_BYTES
from tests.sandbox.people import has_mailbox


class Delivery:
    """`lmtp_socket` is Dovecot's; `sent_copy` files a copy for servers that do so themselves.

    `may_send_as` says of two addresses whether the first may be seen as the second.
    """

    def __init__(self, lmtp_socket: Path, port: int, sent_copy: Any, may_send_as: Any) -> None:
        self._lmtp_socket = lmtp_socket
        handler = _Handler(self, sent_copy, may_send_as)
        self._controller = _Controller(
            handler, hostname="127.0.0.1", port=port, server_hostname="sandbox"
        )

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    def deliver(self, raw: bytes, sender: str, recipients: list[str]) -> None:
        """Puts a message into the mailboxes. smtplib's errors when Dovecot refuses."""
        with smtplib.LMTP(str(self._lmtp_socket)) as client:
            client.sendmail(sender, recipients, raw)


class _Server(SMTP):
    async def smtp_XCLIENT(self, arg: str) -> None:
        """Postfix's XCLIENT: Dovecot says who has signed in."""
        pairs = (item.partition("=") for item in arg.split())
        attributes = {name.upper(): value for name, _, value in pairs}
        self.session.signed_in_as = attributes.get("LOGIN", "").lower()
        self.session.host_name = None
        await self.push("220 2.0.0 sandbox")


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(
            self.handler,
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=False,
            hostname="sandbox",
            ident="sandbox",
            loop=self.loop,
        )


class _Handler:
    def __init__(self, delivery: Delivery, sent_copy: Any, may_send_as: Any) -> None:
        self._delivery = delivery
        self._sent_copy = sent_copy
        self._may_send_as = may_send_as

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        session.host_name = hostname
        extensions = ("ENHANCEDSTATUSCODES", "XCLIENT ADDR PORT PROTO HELO LOGIN TTL SESSION")
        return [*replies[:-1], *(f"250-{extension}" for extension in extensions), replies[-1]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        owner = getattr(session, "signed_in_as", "")
        if owner and address.lower() != owner and not self._may_send_as(owner, address):
            return "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("tempfail-"):
            return "451 4.3.0 The mailbox is busy, try again later"
        if address.startswith("reject-"):
            return "550 5.7.1 The recipient does not accept this message"
        if not has_mailbox(address) and not address.startswith("refuse-data-"):
            return "550 5.1.1 The mailbox does not exist"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        recipients = [str(address) for address in envelope.rcpt_tos]
        if any(address.startswith("refuse-data-") for address in recipients):
            return "554 5.6.0 The message is refused because of its content"
        raw = envelope.original_content or b""
        await server.loop.run_in_executor(
            None, self._delivery.deliver, raw, envelope.mail_from, recipients
        )
        await server.loop.run_in_executor(None, self._sent_copy, envelope.mail_from, raw)
        return "250 2.0.0 Delivered"
