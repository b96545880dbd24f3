"""How each protocol signs in at the front, until the mailbox behind it takes over.

The words are those of Exchange Online where they are published ("Authenticate an IMAP, POP or
SMTP connection using OAuth"); field reports are the source of "not connected".
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from collections.abc import Awaitable, Callable

from tests.sandbox.authorization.directory import Verdict
from tests.sandbox.front.wire import Wire

_XOAUTH2 = re.compile(r"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01", re.IGNORECASE)

Judge = Callable[[str, str, str], tuple[Verdict, str]]
"""Protocol, user name and token in; what becomes of them, and words for a refusal, out."""
Connect = Callable[[str], Awaitable[Wire]]
"""A connection to Dovecot for a protocol."""


class Dialect:
    """One conversation. `talk` returns when it has ended."""

    protocol = ""

    def __init__(self, wire: Wire, context: ssl.SSLContext, judge: Judge, connect: Connect) -> None:
        self.wire = wire
        self._context = context
        self._judge = judge
        self._connect = connect
        self.has_ended = False

    async def talk(self) -> None:
        await self.wire.say(self.greeting())
        while not self.has_ended:
            await self.hear(await self.wire.line())

    def greeting(self) -> str:
        raise NotImplementedError

    async def hear(self, line: str) -> None:
        """Answers one line before signing in."""
        raise NotImplementedError

    async def encrypt(self, answer: str) -> None:
        await self.wire.say(answer)
        await self.wire.encrypt(self._context)

    async def credentials(self, first: str, prompt: str) -> tuple[str, str]:
        """User and token of XOAUTH2, asked for with `prompt` when they did not come at once."""
        given = first
        if not given:
            await self.wire.say(prompt)
            given = await self.wire.line()
        try:
            text = base64.b64decode(given, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        match = _XOAUTH2.fullmatch(text)
        return (match[1], match[2]) if match else ("", "")

    async def admit(self, user: str, token: str, command: str, success: str) -> tuple[Verdict, str]:
        """Lets a good token in, until the conversation has ended; the verdict and its words."""
        verdict, words = self._judge(self.protocol, user, token)
        if verdict is Verdict.OPEN and not await self.hand_over(user, token, command, success):
            verdict = Verdict.REFUSED
        return verdict, words

    async def hand_over(self, user: str, token: str, command: str, success: str) -> bool:
        """Signs in to Dovecot and lets it go on; False when it refuses."""
        behind = await self._connect(self.protocol)
        try:
            await self.open_behind(behind)
            await behind.say(command)
            answer = await behind.line()
            if answer.startswith(("+", "334")):
                proof = f"user={user}\x01auth=Bearer {token}\x01\x01".encode()
                await behind.say(base64.b64encode(proof).decode())
                answer = await self.last_line(behind)
            if not self.is_success(answer):
                return False
            await self.wire.say(success)
            await self.wire.join(behind)
            self.has_ended = True
            return True
        finally:
            behind.close()

    async def open_behind(self, behind: Wire) -> None:
        await behind.line()

    async def last_line(self, behind: Wire) -> str:
        return await behind.line()

    def is_success(self, answer: str) -> bool:
        raise NotImplementedError


class ImapDialect(Dialect):
    protocol = "imap"
    _BEFORE_TLS = "IMAP4 IMAP4rev1 STARTTLS LOGINDISABLED SASL-IR ID IDLE NAMESPACE"
    _IN_TLS = (
        "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT IDLE NAMESPACE"
    )

    def greeting(self) -> str:
        return "* OK The sandbox IMAP4 service is ready."

    async def hear(self, line: str) -> None:
        tag, _, rest = line.partition(" ")
        command, _, argument = rest.partition(" ")
        command = command.upper()
        if command == "AUTHENTICATE" and self.wire.is_encrypted:
            await self._authenticate(tag, argument)
        elif command == "STARTTLS" and not self.wire.is_encrypted:
            await self.encrypt(f"{tag} OK Begin TLS negotiation now.")
        elif command == "LOGIN":
            await self.wire.say(f"{tag} NO Basic authentication is disabled.")
        elif not await self._is_harmless(tag, command):
            await self.wire.say(f"{tag} BAD Command received in Invalid state.")

    async def _is_harmless(self, tag: str, command: str) -> bool:
        capabilities = self._IN_TLS if self.wire.is_encrypted else self._BEFORE_TLS
        extra = {
            "CAPABILITY": [f"* CAPABILITY {capabilities}"],
            "ID": ["* ID NIL"],
            "NOOP": [],
            "LOGOUT": ["* BYE The sandbox IMAP4 server signing off."],
        }.get(command)
        if extra is None:
            return False
        await self.wire.say(*extra, f"{tag} OK {command} completed.")
        self.has_ended = command == "LOGOUT"
        return True

    async def _authenticate(self, tag: str, argument: str) -> None:
        mechanism, _, first = argument.partition(" ")
        if mechanism.upper() != "XOAUTH2":
            await self.wire.say(f"{tag} NO Unsupported authentication mechanism.")
            return
        user, token = await self.credentials(first, "+ ")
        done = f"{tag} OK AUTHENTICATE completed."
        verdict, words = await self.admit(user, token, f"{tag} AUTHENTICATE XOAUTH2", done)
        if verdict is Verdict.NOT_CONNECTED:
            await self.wire.say(done)
            await self._stay_outside()
        elif verdict is not Verdict.OPEN:
            await self.wire.say(f"{tag} {words or 'NO AUTHENTICATE failed.'}")

    async def _stay_outside(self) -> None:
        while not self.has_ended:
            tag, _, rest = (await self.wire.line()).partition(" ")
            if not await self._is_harmless(tag, rest.partition(" ")[0].upper()):
                await self.wire.say(
                    f"{tag} BAD User is authenticated but not connected.",
                    "* BYE Connection closed. 14",
                )
                self.has_ended = True

    async def last_line(self, behind: Wire) -> str:
        while (answer := await behind.line()).startswith("* "):
            pass
        if answer.startswith("+"):
            await behind.say("")
            answer = await behind.line()
        return answer

    def is_success(self, answer: str) -> bool:
        return answer.partition(" ")[2].startswith("OK")


class Pop3Dialect(Dialect):
    protocol = "pop3"
    _REFUSED = "-ERR Authentication failure: unknown user name or bad password."

    def greeting(self) -> str:
        return "+OK The sandbox POP3 service is ready."

    async def hear(self, line: str) -> None:
        command, _, argument = line.partition(" ")
        command = command.upper()
        mechanism, _, first = argument.partition(" ")
        if command == "AUTH" and mechanism.upper() == "XOAUTH2" and self.wire.is_encrypted:
            await self._authenticate(first)
        elif command == "AUTH" and not mechanism:
            await self.wire.say("+OK", *(["XOAUTH2"] if self.wire.is_encrypted else []), ".")
        elif command == "CAPA":
            offer = "SASL PLAIN XOAUTH2" if self.wire.is_encrypted else "STLS"
            await self.wire.say("+OK", "TOP", "UIDL", offer, ".")
        elif command == "STLS" and not self.wire.is_encrypted:
            await self.encrypt("+OK Begin TLS negotiation.")
        elif command == "QUIT":
            await self.wire.say("+OK The sandbox POP3 server signing off.")
            self.has_ended = True
        else:
            await self.wire.say("-ERR Command is not valid in this state.")

    async def _authenticate(self, first: str) -> None:
        user, token = await self.credentials(first, "+ ")
        done = "+OK User successfully authenticated."
        verdict, words = await self.admit(user, token, "AUTH XOAUTH2", done)
        if verdict is not Verdict.OPEN:
            await self.wire.say(words or self._REFUSED)

    def is_success(self, answer: str) -> bool:
        return answer.startswith("+OK")


class SmtpDialect(Dialect):
    protocol = "smtp"
    _WORDS = {
        Verdict.SENDING_OFF: "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
        "disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.",
    }
    _REFUSED = "535 5.7.3 Authentication unsuccessful [sandbox]"

    def greeting(self) -> str:
        return "220 sandbox ESMTP MAIL Service ready"

    async def hear(self, line: str) -> None:
        command, _, argument = line.partition(" ")
        command = command.upper()
        mechanism, _, first = argument.partition(" ")
        if command == "EHLO":
            offer = "AUTH LOGIN XOAUTH2" if self.wire.is_encrypted else "STARTTLS"
            about = ("sandbox Hello", "SIZE 36700160", "PIPELINING", "8BITMIME", offer)
            await self.wire.say(*(f"250-{words}" for words in about), "250 ENHANCEDSTATUSCODES")
        elif command == "STARTTLS" and not self.wire.is_encrypted:
            await self.encrypt("220 2.0.0 SMTP server ready")
        elif command == "AUTH" and self.wire.is_encrypted:
            await self._authenticate(mechanism.upper(), first)
        elif command in {"NOOP", "RSET", "HELO"}:
            await self.wire.say("250 2.0.0 OK")
        elif command == "QUIT":
            await self.wire.say("221 2.0.0 Service closing transmission channel")
            self.has_ended = True
        else:
            await self.wire.say("530 5.7.57 Client not authenticated to send mail.")

    async def _authenticate(self, mechanism: str, first: str) -> None:
        if mechanism != "XOAUTH2":
            await self.wire.say(
                "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."
            )
            return
        user, token = await self.credentials(first, "334 ")
        done = "235 2.7.0 Authentication successful"
        verdict, words = await self.admit(user, token, "AUTH XOAUTH2", done)
        if verdict is not Verdict.OPEN:
            await self.wire.say(words or self._WORDS.get(verdict, self._REFUSED))

    async def open_behind(self, behind: Wire) -> None:
        await behind.line()
        await behind.say("EHLO sandbox")
        while (await behind.line())[3:4] == "-":
            pass

    def is_success(self, answer: str) -> bool:
        return answer.startswith("235")


DIALECTS: dict[str, type[Dialect]] = {
    dialect.protocol: dialect for dialect in (ImapDialect, Pop3Dialect, SmtpDialect)
}
