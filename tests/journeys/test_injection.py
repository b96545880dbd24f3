"""CR, LF and NUL in what people and foreign servers say never become a command of their own on the wire."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from tests.faults import FaultyProxy
from tests.journeys.town import ADDRESS, Town
from webmail import actions, sync, tasks
from webmail.local_changes import tell_flags
from webmail.models import MailAccount, Mailbox, Message, OutgoingMessage, RemoteOperation

LINES = ["\r\nX1 DELETE Projects", "\nX1 DELETE Projects", "\rX1 DELETE Projects"]
TYPED = ["\r\nX-Injected: yes", "\nRSET", "\x00"]


def commands(proxy: FaultyProxy) -> list[bytes]:
    """What a lenient server would take for lines."""
    return re.split(rb"[\r\n]+", proxy.heard())


@pytest.fixture
def account(office: Town, imap: FaultyProxy, submission: FaultyProxy) -> MailAccount:
    """An account whose words on the wire can be read, with two messages and a folder."""
    with office.sandbox.mailbox(ADDRESS["olga"]) as client:
        client.create("Projects")
    office.deliver("olga", "One", "Two")
    account = office.account(
        "olga",
        incoming_server=office.mail_server("olga", "imap", imap.port),
        outgoing_server=office.mail_server("olga", "smtp", submission.port),
    )
    office.sweep()
    assert office.subjects(account) == ["One", "Two"]
    return account


def assert_harmless(office: Town, account: MailAccount, imap: FaultyProxy) -> None:
    """No foreign command went out, the folder it named is there, and receiving goes on."""
    assert not [line for line in commands(imap) if line.startswith((b"X1", b"DELETE"))]
    office.deliver("olga", "Three")
    office.sweep()
    assert office.subjects(account) == ["One", "Three", "Two"]
    with office.sandbox.mailbox(ADDRESS["olga"]) as client:
        assert client.select("Projects")[0] == "OK"


def assert_refused(count: int) -> None:
    """Every change ended as a refusal with a reason."""
    ends = RemoteOperation.objects.values_list("state", "error_code")
    assert list(ends) == [(RemoteOperation.State.FAILED, "invalid_argument")] * count


def test_a_folder_name_ends_no_command(office: Town, account, imap: FaultyProxy) -> None:
    for words in LINES:
        folder = Mailbox.objects.create(account=account, name=f"Plans{words}", uid_validity=1)
        actions.move(account.owner, Message.objects.filter(subject="One"), folder)
        sync.push(account.pk)
    assert_refused(len(LINES))
    assert_harmless(office, account, imap)


def test_a_flag_ends_no_command(office: Town, account, imap: FaultyProxy) -> None:
    for words in LINES:
        tell_flags(list(Message.objects.filter(subject="One")), add=[f"$Plan{words}"], remove=[])
        sync.push(account.pk)
    assert_refused(len(LINES))
    assert_harmless(office, account, imap)


def test_a_search_word_ends_no_command(office: Town, account, imap: FaultyProxy) -> None:
    # The server is asked for a message by its Message-ID, which its sender has chosen.
    two = Message.objects.filter(subject="Two")
    for words in LINES:
        two.update(message_id=f'<a"{words}@b>', is_flagged=False)
        actions.mark_flagged(account.owner, two)
        RemoteOperation.objects.update(arguments={"add": ["\\Flagged"]})
        sync.push(account.pk)
    assert_refused(len(LINES))
    assert_harmless(office, account, imap)


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_an_address_in_the_composer_stays_in_its_place(
    office: Town, account, submission: FaultyProxy, field: str
) -> None:
    visitor = office.visitor("olga")
    for words in TYPED:
        visitor.post("/mail/compose/")
        fields = {"to": ADDRESS["kenji"], "subject": "Plan"} | {field: ADDRESS["kenji"] + words}
        visitor.submit(visitor.page.form("subject"), ("send", "1"), **fields)
        assert visitor.page.status == 422
    assert not OutgoingMessage.objects.exclude(state=OutgoingMessage.State.DRAFT).exists()
    tasks.deliver_due()
    assert submission.heard() == b""


def test_a_subject_is_one_line(office: Town, account, submission: FaultyProxy) -> None:
    visitor = office.visitor("olga")
    for words in TYPED:
        visitor.post("/mail/compose/")
        fields = {"to": ADDRESS["kenji"], "subject": f"Plan{words}"}
        visitor.submit(visitor.page.form("subject"), ("send", "1"), **fields)
        assert visitor.page.status == (422 if "\0" in words else 200)
    OutgoingMessage.objects.filter(state="queued").update(send_after=timezone.now())
    for outgoing in OutgoingMessage.objects.all():
        tasks.deliver(outgoing.pk)
    arrived = office.on_server("kenji")
    assert [found.subject for found in arrived] == ["Plan X-Injected: yes", "Plan RSET"]
    assert [found.mail["X-Injected"] for found in arrived] == [None, None]
    assert not [line for line in commands(submission) if line.startswith((b"X-Inj", b"RSET"))]


@pytest.mark.parametrize("field", ["address", "receive_username"])
def test_an_account_with_a_broken_name_is_refused(
    office: Town, account, imap: FaultyProxy, field: str
) -> None:
    visitor = office.visitor("olga")
    for words in [*LINES, "\x00"]:
        visitor.get(f"/settings/mail/{account.public_id}/")
        typed = f"{ADDRESS['olga']}{words}"
        visitor.submit(visitor.page.form("incoming_server"), ("save", "1"), **{field: typed})
        assert visitor.page.status == 422
    account.refresh_from_db()
    assert getattr(account, field) in {ADDRESS["olga"], ""}
    assert_harmless(office, account, imap)
