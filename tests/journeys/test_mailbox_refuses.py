"""Signed in, and the mailbox refuses: a matter of switches and rights at the provider, never of another consent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import timezone

from groupware.functions.models import FunctionAdministrator
from groupware.notices import tasks as notices
from groupware.users.models import User
from oauthservers.models import Grant
from tests.journeys.town import ADDRESS, Town
from tests.mail_sink import MailSink, text_of
from webmail import outbox, tasks
from webmail.models import MailAccount, MailboxCheck, OutgoingMessage
from webmail.models.server import Security

Health = MailAccount.Health
ALICE = ADDRESS["alice"]
#: Whoever was appointed to look after webmail.
ADMINISTRATORS = {"admin@groupware.example", "clerk@elsewhere.example"}
TENANT = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. "
    "Visit https://aka.ms/smtp_auth_disabled for more information."
)
DEFAULTS = (
    "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security "
    "defaults policy. Contact your administrator."
)


@pytest.fixture
def sink(settings) -> Iterator[MailSink]:
    """The installation's mail server."""
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink


@pytest.fixture
def clerk(town: Town) -> User:
    """Looks after webmail."""
    clerk = User.objects.create_user("clerk", email="clerk@elsewhere.example", password="pass")
    FunctionAdministrator.objects.create(key="webmail", user=clerk)
    User.objects.filter(username="alice").update(notice_address="alice@home.example")
    return clerk


@pytest.fixture
def account(town: Town) -> MailAccount:
    """Alice's account at a front that answers as Exchange does."""
    account = town.account("alice")
    front = town.sandbox.exchange
    for server, service in (
        (account.incoming_server, front.imap),
        (account.outgoing_server, front.submission),
    ):
        server.port, server.security = service.tls_port, Security.TLS
        server.save()
    return account


def send(account: MailAccount) -> OutgoingMessage:
    """Alice writes to herself, and the sweep sends."""
    draft = OutgoingMessage.objects.create(
        account=account, author=account.owner, to=ALICE, subject="Minutes", text="Here."
    )
    outbox.queue(draft)
    OutgoingMessage.objects.update(send_after=timezone.now())
    for pk in outbox.due():
        tasks.deliver(pk)
    draft.refresh_from_db()
    return draft


@pytest.mark.parametrize(
    ("words", "code", "step"),
    [
        ("", "smtp_auth_disabled_for_mailbox", "Set-CASMailbox"),
        (TENANT, "smtp_auth_disabled", "Set-TransportConfig"),
        (DEFAULTS, "blocked_by_security_defaults", "Manage security defaults"),
    ],
)
def test_sending_that_is_switched_off_is_red_while_receiving_stays_green(
    office: Town, account: MailAccount, sink: MailSink, clerk: User, words, code, step
) -> None:
    realm = office.sandbox.microsoft
    if words:
        realm.answer(ALICE, smtp=words)
    else:
        realm.switch(ALICE, smtp=False)
    office.deliver("alice", "Good morning")
    office.sweep()
    assert send(account).state == OutgoingMessage.State.QUEUED
    account.refresh_from_db()
    assert (account.receive_health, account.send_health) == (
        Health.WORKING,
        Health.ADMINISTRATOR_REQUIRED,
    )
    assert account.send_error_code == code
    assert Grant.objects.get().state == Grant.State.ACTIVE
    notices.send_due()
    assert {message["To"] for message in sink.messages} == ADMINISTRATORS
    (message,) = sink.to("clerk@elsewhere.example")
    assert step in text_of(message)
    page = office.visitor("alice").get("/mail/")
    assert "administrator has to act" in page.words and "Authenticate again" not in page.words


def test_imap_that_is_switched_off_waits_and_then_asks_the_administrator(
    office: Town, account: MailAccount, sink: MailSink, clerk: User
) -> None:
    office.sandbox.microsoft.switch(ALICE, imap=False)
    for attempt in range(6):
        office.sweep()
        account.refresh_from_db()
        if attempt == 0:
            assert account.receive_health == Health.RETRYING
    assert account.receive_error_code == "authenticated_but_not_connected"
    assert account.receive_health == Health.ADMINISTRATOR_REQUIRED
    notices.send_due()
    assert {message["To"] for message in sink.messages} == ADMINISTRATORS
    (message,) = sink.to("clerk@elsewhere.example")
    assert "Manage email apps" in text_of(message) and "licence" in text_of(message)
    assert Grant.objects.get().state == Grant.State.ACTIVE

    office.sandbox.microsoft.switch(ALICE, imap=True)
    office.deliver("alice", "Back")
    office.sweep()
    notices.send_due()
    assert office.subjects(account) == ["Back"] and len(sink.messages) == 2


def test_the_check_names_the_step_at_which_the_mailbox_refuses(
    office: Town, account: MailAccount, clerk: User
) -> None:
    office.sandbox.microsoft.switch(ALICE, imap=False)
    visitor = office.visitor("alice")
    address = reverse("webmail:check", args=[account.public_id])
    visitor.get(address)
    visitor.submit(visitor.page.form("/check/"))
    tasks.check_mailbox(MailboxCheck.objects.get().pk)
    steps = {(s["direction"], s["key"]): s for s in MailboxCheck.objects.get().steps}
    assert steps["receive", "sign_in"]["is_fine"] and not steps["receive", "imap"]["is_fine"]
    assert steps["send", "smtp"]["is_fine"] and steps["authorization", "client"]["is_fine"]
    words = visitor.get(address).words
    assert "does not open the mailbox" in words and "Manage email apps" in words
    assert "Authenticate again" not in words
