"""SMTP servers which refuse, lose the connection, or lack what Dovecot has."""

from typing import Any

import pytest

from tests.webmail.protocols import scripted
from tests.webmail.protocols.lab import ALICE
from tests.webmail.protocols.scripted import Peer, lines, serving
from webmail.protocols.errors import (
    AuthenticationError,
    CapabilityError,
    InvalidArgumentError,
    MailServerError,
    ProtocolError,
    SubmissionRejectedError,
    SubmissionUnclearError,
    ThrottledError,
    UnreachableError,
)
from webmail.protocols.smtp import SmtpSession

MESSAGE = b"From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"
TO = ["c@d.example"]
PHASES = ["mail", "rcpt", "data_started", "handed_over", "accepted"]


def smtp(replies: dict[str, Any] | None = None, ehlo: str = "SIZE 1000000") -> Any:
    """A server; "." is what it says to the message."""
    table = dict(replies or {})
    final = table.pop(".", "250 2.0.0 taken")

    def data(peer: Peer) -> None:
        peer.send("354 go on")
        while peer.line() != ".":
            pass
        if callable(final):
            final(peer)
        else:
            peer.send(final)

    table.setdefault("DATA", data)
    table.setdefault(
        "EHLO", "\n".join(f"250-{word}" for word in ["x", *ehlo.split(",")]) + "\n250 X"
    )
    return serving(lines("220 ready", table))


def submit(server: scripted.ScriptedServer, raw: bytes = MESSAGE, **changes: Any) -> Any:
    arguments = {"envelope_from": ALICE, "envelope_to": TO, **changes}
    with SmtpSession.open(server.endpoint(read_timeout=5.0), None) as session:
        return session.submit(raw, **arguments)


def failing(server: scripted.ScriptedServer, **changes: Any) -> MailServerError:
    with pytest.raises(MailServerError) as caught:
        submit(server, **changes)
    return caught.value


@pytest.mark.parametrize(
    ("where", "reply", "kind", "code", "retryable"),
    [
        ("MAIL", "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
         SubmissionRejectedError, "send_as_denied", False),
        ("DATA", "554 5.7.60 SMTP; Client does not have permissions to send as this sender",
         SubmissionRejectedError, "send_as_denied", False),
        ("MAIL", "550 5.2.253 Mailbox is not licensed", SubmissionRejectedError,
         "licence_missing", False),
        ("MAIL", "550 5.1.8 no", SubmissionRejectedError, "sender_refused", False),
        ("MAIL", "451 4.3.0 later", SubmissionRejectedError, "sender_refused", True),
        ("MAIL", "530 5.7.57 Client not authenticated", AuthenticationError,
         "authentication_required", False),
        ("MAIL", "552 5.3.4 Message size exceeds fixed limit", SubmissionRejectedError,
         "message_too_large", False),
        ("MAIL", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", ThrottledError,
         "too_many_connections", True),
        ("MAIL", "what", ProtocolError, "protocol_error", False),
        ("RCPT", "450 4.2.0 greylisted", SubmissionRejectedError, "recipients_refused", True),
        ("RCPT", "550 5.1.1 nobody", SubmissionRejectedError, "recipients_refused", False),
        ("RCPT", "421 4.4.2 Message submission rate for this client has exceeded the limit",
         ThrottledError, "sending_rate_exceeded", True),
        ("DATA", "451 later", SubmissionRejectedError, "submission_rejected", True),
        ("DATA", "554 no", SubmissionRejectedError, "submission_rejected", False),
        (".", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
         ThrottledError, "sending_quota_exceeded", True),
        (".", "554 5.2.2 mailbox full", SubmissionRejectedError, "quota_exceeded", False),
        (".", "550 5.7.30 Basic authentication is not supported for Client Submission.",
         AuthenticationError, "basic_authentication_disabled", False),
        (".", "550 5.7.1 spam", SubmissionRejectedError, "submission_rejected", False),
        (".", "451 4.7.1 later", SubmissionRejectedError, "submission_rejected", True),
        (".", "421 4.3.0 closing", UnreachableError, "server_closing", True),
        (".", "garbage", SubmissionUnclearError, "submission_unclear", False),
        (".", "150 what", SubmissionUnclearError, "submission_unclear", False),
    ],
)  # fmt: skip
def test_refusals_are_told_apart(
    where: str, reply: str, kind: type[MailServerError], code: str, retryable: bool
) -> None:
    with smtp({where: reply}) as server:
        error = failing(server)
    assert (type(error), error.code, error.retryable) == (kind, code, retryable)


def hang_up(peer: Peer) -> None:
    raise EOFError


def say_nothing(peer: Peer) -> None:
    peer.line()


def test_a_connection_lost_after_the_dot_leaves_the_result_unclear() -> None:
    phases: list[str] = []
    with smtp({".": hang_up}) as server:
        error = failing(server, on_phase=phases.append)
    assert isinstance(error, SubmissionUnclearError)
    assert not error.retryable
    assert phases == PHASES[:-1]


def test_an_answer_which_never_comes_leaves_the_result_unclear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webmail.protocols.smtp.FINAL_REPLY_SECONDS", 0.2)
    with smtp({".": say_nothing}) as server:
        assert isinstance(failing(server), SubmissionUnclearError)


@pytest.mark.parametrize("where", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_dot_may_be_tried_again(where: str) -> None:
    phases: list[str] = []
    with smtp({where: hang_up}) as server:
        error = failing(server, on_phase=phases.append)
    assert isinstance(error, UnreachableError)
    assert error.retryable
    assert "handed_over" not in phases


def test_a_connection_lost_within_the_text_may_be_tried_again() -> None:
    def data(peer: Peer) -> None:
        peer.send("354 go on")
        peer.line()
        raise EOFError

    phases: list[str] = []
    raw = b"a: b\r\n\r\n" + b"x" * 76 + b"\r\n" + b"y\r\n" * 5_000_000
    with smtp({"DATA": data}, ehlo="X") as server:
        error = failing(server, raw=raw, on_phase=phases.append)
    assert isinstance(error, UnreachableError)
    assert phases == PHASES[:3]


def test_a_phase_which_cannot_be_recorded_takes_the_message_back() -> None:
    def record(phase: str) -> None:
        if phase == "handed_over":
            raise RuntimeError("the database is gone")

    with smtp() as server:
        with pytest.raises(RuntimeError):
            submit(server, on_phase=record)
        assert b"\r\n.\r\n" not in server.heard


def test_a_message_beyond_the_announced_size_is_not_offered() -> None:
    with smtp(ehlo="SIZE 20") as server:
        error = failing(server)
        assert isinstance(error, SubmissionRejectedError)
        assert error.code == "message_too_large"
        assert b"MAIL" not in server.heard


def test_8_bit_messages_say_so_or_are_refused() -> None:
    raw = "a: b\r\n\r\né\r\n".encode()
    with smtp(ehlo="8BITMIME") as server:
        submit(server, raw)
        assert b"MAIL FROM:<alice@contoso.example> BODY=8BITMIME\r\n" in server.heard
    with smtp() as server:
        error = failing(server, raw=raw)
        assert (type(error), error.code) == (CapabilityError, "eight_bit_missing")
        assert b"MAIL" not in server.heard


def test_addresses_beyond_ascii_need_smtputf8() -> None:
    with smtp(ehlo="8BITMIME,SMTPUTF8") as server:
        submit(server, envelope_to=["用户@例え.example"])
        assert b"> SMTPUTF8\r\n" in server.heard
        assert "RCPT TO:<用户@例え.example>".encode() in server.heard
    with smtp() as server:
        error = failing(server, envelope_to=["用户@b.example"])
        assert (type(error), error.code) == (CapabilityError, "smtputf8_missing")


def test_a_domain_beyond_ascii_needs_nothing() -> None:
    with smtp({"RCPT": "550 no"}) as server:
        error = failing(server, envelope_to=["info@例え.example"])
        assert b"RCPT TO:<info@xn--r8jz45g.example>\r\n" in server.heard
    assert isinstance(error, SubmissionRejectedError)
    assert set(error.refused) == {"info@例え.example"}


def test_the_null_reverse_path_is_possible_and_no_recipient_is_not() -> None:
    with smtp() as server:
        submit(server, envelope_from="")
        assert b"MAIL FROM:<> SIZE=" in server.heard
        with pytest.raises(InvalidArgumentError):
            submit(server, envelope_to=[])


@pytest.mark.parametrize(
    ("greeting", "kind", "code"),
    [
        ("421 too many connections from you", ThrottledError, "too_many_connections"),
        ("421 4.3.2 going down", UnreachableError, "server_closing"),
        ("554 no service", UnreachableError, "unreachable"),
        ("* OK imap", ProtocolError, "protocol_error"),
        ("+OK pop", ProtocolError, "protocol_error"),
    ],
)
def test_greetings_which_are_no_welcome(
    greeting: str, kind: type[MailServerError], code: str
) -> None:
    with serving(lines(greeting, {})) as server:
        error = failing(server)
    assert (type(error), error.code) == (kind, code)


def test_a_server_without_ehlo_is_greeted_the_old_way() -> None:
    with serving(lines("220 x", {"EHLO": "502 what", "DATA": "354 go"})) as server:
        with SmtpSession.open(server.endpoint(), None) as session:
            session.check_sender(ALICE)
        assert b"helo " in server.heard.lower()


def test_no_bare_line_end_next_to_a_dot_reaches_the_wire() -> None:
    raw = b"a: b\r\n\r\nx\n.\nMAIL FROM:<evil@x>\r.\rx\r\n.\nend\n.\r\n"
    with smtp() as server:
        submit(server, raw)
        text = bytes(server.heard).partition(b"DATA\r\n")[2]
    assert text.count(b"\r\n.\r\n") == 1
    assert text.replace(b"\r\n", b"").count(b"\n") == text.replace(b"\r\n", b"").count(b"\r") == 0


def test_a_large_message_arrives_whole() -> None:
    received = bytearray()

    def data(peer: Peer) -> None:
        peer.send("354 go on")
        while (line := peer.line()) != ".":
            received.extend(line.encode())
        peer.send("250 ok")

    raw = b"a: b\r\n\r\n" + (b"0123456789" * 7 + b"\r\n") * 20_000
    with smtp({"DATA": data}, ehlo="SIZE 10000000") as server:
        submit(server, raw)
        assert f"SIZE={len(raw)}".encode() in server.heard
    assert bytes(received) == raw.replace(b"\r\n", b"")
