"""Invitations: who is asked, what is mailed, whom a link lets in, and when it is over."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groupware.audit.models import AuditEvent
from oauthservers.models import Grant
from tests.factories import webmail as make
from webmail import invitations, tasks
from webmail.models import AccountMember, Invitation, MailAccount

pytestmark = pytest.mark.django_db


def waiting_account(**values) -> MailAccount:
    """An account that its owner has to authorize."""
    server = make.AuthorizationServerFactory()
    values.setdefault("owner", make.PersonFactory(email="private@elsewhere.example"))
    return make.MailAccountFactory(
        incoming_server=make.MailServerFactory(authorization_server=server),
        outgoing_server=make.MailServerFactory(protocol="smtp", authorization_server=server),
        receive_authentication="oauth2",
        **values,
    )


def invite(*accounts: MailAccount) -> invitations.Outcome:
    chosen = MailAccount.objects.filter(pk__in=[account.pk for account in accounts])
    return invitations.invite(invitations.needing(chosen), make.PersonFactory())


def link() -> str:
    """The path of the link in the last message."""
    return re.search(r"https?://[^/\s]+(/mail/invitations/\S+)", mail.outbox[-1].body)[1]


def signed_in(person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def authorize(account: MailAccount) -> None:
    grant = make.GrantFactory(server=account.incoming_server.authorization_server)
    MailAccount.objects.filter(pk=account.pk).update(receive_grant=grant)


def test_only_those_are_invited_whom_a_sign_in_would_help():
    waiting, authorized = waiting_account(), waiting_account()
    authorize(authorized)
    password, off = make.MailAccountFactory(), waiting_account(is_enabled=False)
    everybody = waiting_account()
    for server in (everybody.incoming_server, everybody.outgoing_server):
        server.authorization_server.access = "application"
        server.authorization_server.save()
    outcome = invite(waiting, authorized, password, off, everybody)
    assert outcome.invited == 1
    assert Invitation.objects.get().account == waiting
    event = AuditEvent.objects.get(name="webmail.account.invited")
    assert event.details["person"] == waiting.owner.username


def test_the_message_goes_to_another_address_in_the_language_of_its_reader():
    person = make.PersonFactory(
        email="aoki@example.jp", notice_address="private@elsewhere.example", language="ja"
    )
    account = waiting_account(owner=person, address="aoki@example.jp")
    invite(account)
    tasks.send_invitations()
    (message,) = mail.outbox
    assert message.to == ["private@elsewhere.example"]
    assert account.address in message.subject
    assert message.alternatives[0][0].count('lang="ja"') == 1
    assert Invitation.objects.get().sent_at is not None


def test_somebody_without_another_address_is_invited_on_the_screen_and_that_is_said():
    person = make.PersonFactory(email="aoki@example.jp")
    account = waiting_account(owner=person, address="Aoki@example.jp")
    outcome = invite(account)
    tasks.send_invitations()
    assert (outcome.invited, outcome.without_address, len(mail.outbox)) == (1, 1, 0)
    assert account.address in signed_in(person).get("/settings/mail/waiting/").content.decode()


def test_nobody_is_written_to_at_a_mailbox_that_waits_itself():
    manager = make.PersonFactory(email="aoki@example.jp")
    waiting_account(owner=manager, address="aoki@example.jp")
    shared = waiting_account(owner=None, kind="shared", address="info@example.jp")
    AccountMember.objects.create(account=shared, user=manager, role="manager")
    outcome = invite(shared)
    assert (outcome.invited, outcome.without_address) == (1, 1)


def test_the_person_who_manages_a_shared_account_is_invited_and_nobody_else():
    account = waiting_account(owner=None, kind="shared")
    lonely = waiting_account(owner=None, kind="shared")
    reader, manager = make.PersonFactory(), make.PersonFactory()
    AccountMember.objects.create(account=account, user=reader, role="reader")
    AccountMember.objects.create(account=account, user=manager, role="manager")
    outcome = invite(account, lonely)
    assert (outcome.invited, outcome.nobody) == (1, 1)
    assert Invitation.objects.get().recipient == manager
    assert list(invitations.waiting_for(manager)) == [account]
    assert not invitations.waiting_for(reader).exists()


def test_a_link_leads_its_recipient_to_the_authorization_and_is_over_afterwards():
    account = waiting_account()
    invite(account)
    tasks.send_invitations()
    browser = signed_in(account.owner)
    answer = browser.get(link())
    assert answer.status_code == 302
    assert answer.url.startswith(f"/settings/mail/{account.public_id}/authorize/")
    assert Invitation.objects.get().opened_at is not None
    authorize(account)
    assert browser.get(link()).status_code == 200
    assert Invitation.objects.get().used_at is not None


def test_a_link_does_not_open_for_somebody_else_and_tells_them_nothing():
    account = waiting_account()
    invite(account)
    tasks.send_invitations()
    answer = signed_in(make.PersonFactory()).get(link())
    assert answer.status_code == 403
    assert account.address not in answer.content.decode()
    assert Invitation.objects.get().opened_at is None
    assert AuditEvent.objects.filter(name="webmail.account.invitation_refused").exists()
    assert Client().get(link()).url.startswith("/accounts/login/")


def test_a_link_ends_after_two_weeks_and_when_it_is_withdrawn():
    account = waiting_account()
    invite(account)
    tasks.send_invitations()
    browser = signed_in(account.owner)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        browser.force_login(account.owner)
        assert "expired" in browser.get(link()).content.decode()
    invitations.withdraw(Invitation.objects.all())
    browser.force_login(account.owner)
    assert "no longer counts" in browser.get(link()).content.decode()
    assert browser.get("/mail/invitations/invented/").status_code == 404


def test_inviting_again_replaces_the_live_invitation():
    account = waiting_account()
    invite(account)
    tasks.send_invitations()
    first = link()
    invite(account)
    assert Invitation.objects.filter(invitations.live()).count() == 1
    assert signed_in(account.owner).get(first).status_code == 200


def test_only_the_hash_of_a_token_is_kept():
    account = waiting_account()
    invite(account)
    tasks.send_invitations()
    token = link().split("/")[3]
    row = Invitation.objects.values().get()
    assert token not in str(row)
    assert len(row["token_hash"]) == 64


def test_a_task_that_runs_twice_sends_once():
    invite(waiting_account())
    tasks.send_invitations()
    tasks.send_invitations()
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_away_is_tried_again_later(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    invite(waiting_account())
    tasks.send_invitations()
    row = Invitation.objects.get()
    assert (row.sent_at, row.send_failures, row.error_code) == (None, 1, "ConnectionRefusedError")
    assert row.next_send_at > timezone.now()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(row.next_send_at + timedelta(seconds=1)):
        tasks.send_invitations()
    assert len(mail.outbox) == 1


def test_an_invitation_is_over_as_soon_as_the_mailbox_is_authorized():
    account = waiting_account()
    invite(account)
    authorize(account)
    tasks.send_invitations()
    assert mail.outbox == []
    assert invitations.progress() == invitations.Progress(1, 1, 0, 0)


def test_a_fault_of_the_authorization_server_does_not_count_as_authorized():
    account = waiting_account()
    invite(account)
    server = account.incoming_server.authorization_server
    server.fault_code = "invalid_client"
    server.save()
    invitations.settle()
    assert invitations.progress().authorized == 0


def test_what_waits_is_shown_once_after_signing_in():
    account = waiting_account()
    account.owner.set_password("long enough words")
    account.owner.save()
    form = {"login": account.owner.username, "password": "long enough words"}
    assert Client().post("/accounts/login/", form).url == "/settings/mail/waiting/"
    asked = {**form, "next": "/mail/drafts/"}
    assert Client().post("/accounts/login/", asked).url == "/mail/drafts/"
    authorize(account)
    Grant.objects.update(state="active")
    assert Client().post("/accounts/login/", form).url == "/"


def test_the_number_of_queries_does_not_grow_with_the_mailboxes():
    def counted(number: int) -> int:
        accounts = [waiting_account() for _ in range(number)]
        with CaptureQueriesContext(connection) as asked:
            invite(*accounts)
        return len(asked)

    assert counted(1) == counted(9)
