"""Submission to the real server."""

import pytest

from tests.webmail.protocols.lab import ALICE, Lab, bearer
from webmail.protocols.errors import (
    SubmissionRejectedError,
)
from webmail.protocols.smtp import SmtpSession

MESSAGE = b"From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"
TO = ["c@d.example"]
PHASES = ["mail", "rcpt", "data_started", "handed_over", "accepted"]


def test_a_message_is_handed_over_and_phases_are_told(lab: Lab) -> None:
    phases: list[str] = []
    with SmtpSession.open(lab.endpoint("submission"), bearer()) as session:
        result = session.submit(MESSAGE, ALICE, TO, phases.append)
    assert phases == PHASES
    assert result.reply_code == 250
    assert "Queued as 4711" in result.reply_text
    assert result.refused == {}
    [envelope] = lab.relayed.envelopes
    assert envelope.mail_from == ALICE
    assert envelope.rcpt_tos == TO
    assert bytes(envelope.content or b"").endswith(b"Subject: x\r\n\r\nbody\r\n")


def test_dots_and_line_ends_survive(lab: Lab) -> None:
    body = b".\n..\r\n.a\rb\n\n.\r\nRCPT TO:<x@y>\r\n.\n" + b"." * 900 + b"\n.last"
    raw = b"Subject: x\n\n" + body
    with SmtpSession.open(lab.endpoint("submissions"), bearer()) as session:
        session.submit(raw, ALICE, TO)
    [envelope] = lab.relayed.envelopes
    assert envelope.rcpt_tos == TO
    expected = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n") + b"\r\n"
    assert bytes(envelope.content or b"").endswith(expected)


def test_some_refused_recipients_do_not_hinder_the_others(lab: Lab) -> None:
    recipients = [*TO, "nobody@d.example", "later@d.example"]
    with SmtpSession.open(lab.endpoint("submission"), bearer()) as session:
        result = session.submit(MESSAGE, ALICE, recipients)
    assert {address: code for address, (code, _) in result.refused.items()} == {
        "nobody@d.example": 550,
        "later@d.example": 450,
    }
    assert lab.relayed.envelopes[0].rcpt_tos == TO


def test_all_recipients_refused_is_a_rejection_and_the_session_goes_on(lab: Lab) -> None:
    with SmtpSession.open(lab.endpoint("submission"), bearer()) as session:
        with pytest.raises(SubmissionRejectedError) as caught:
            session.submit(MESSAGE, ALICE, ["nobody@a.example", "nobody@b.example"])
        assert caught.value.permanent
        assert not caught.value.retryable
        assert caught.value.code == "recipients_refused"
        assert set(caught.value.refused) == {"nobody@a.example", "nobody@b.example"}
        with pytest.raises(SubmissionRejectedError) as caught:
            session.submit(MESSAGE, ALICE, ["nobody@a.example", "later@b.example"])
        assert caught.value.retryable
        session.submit(MESSAGE, ALICE, TO)
    assert len(lab.relayed.envelopes) == 1


def test_the_sender_is_checked_without_sending(lab: Lab) -> None:
    with SmtpSession.open(lab.endpoint("submission"), bearer()) as session:
        session.check_sender(ALICE)
        session.check_sender(ALICE)
        assert session.max_size == 36_700_160
        assert session.extensions["auth"].startswith("PLAIN")
    assert lab.relayed.envelopes == []
