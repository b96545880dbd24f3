"""Whom webmail tells that a mailbox has stopped: the owner elsewhere, administrators once per server and cause."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import timezone

from groupware.functions.models import FunctionAdministrator
from groupware.notices import digests, tasks
from groupware.notices.models import Notice
from groupware.organisation.models import Membership, Unit
from groupware.users.models import User
from tests.factories.webmail import GrantFactory, MailAccountFactory, MailServerFactory
from tests.mail_sink import MailSink, text_of
from webmail.models import AccountMember, MailAccount

Health = MailAccount.Health


@pytest.fixture
def sink(settings) -> Iterator[MailSink]:
    """The installation's mail server."""
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink


def person(name: str, **values) -> User:
    return User.objects.create_user(name, email=f"{name}@office.example", **values)


@pytest.fixture
def sato(db) -> User:
    """Looks after webmail."""
    sato = person("sato")
    FunctionAdministrator.objects.create(key="webmail", user=sato)
    return sato


@pytest.fixture
def admin(db) -> User:
    """Looks after the installation."""
    admin = person("admin")
    admin.set_system_administrator(True)
    admin.save()
    return admin


def stopped(owner: User | None, code: str, health: str = Health.OWNER_REQUIRED, **values):
    """An account that does not receive any more."""
    return MailAccountFactory(
        owner=owner,
        address=values.pop("address", "work@office.example"),
        receive_health=health,
        receive_error_code=code,
        receive_error_since=timezone.now(),
        **values,
    )


def receivers(sink: MailSink) -> list[str]:
    return sorted(str(message["To"]) for message in sink.messages)


def test_the_owner_is_told_at_the_other_address_with_the_button(sink, admin, sato):
    owner = person("haruka", notice_address="haruka@home.example")
    account = stopped(owner, "invalid_grant")
    tasks.send_due()
    (message,) = sink.messages
    assert message["To"] == "haruka@home.example"
    assert message["Subject"] == "work@office.example no longer receives mail"
    assert "Access to this mailbox ended." in text_of(message)
    assert reverse("webmail:authorize", args=[account.public_id]) in text_of(message)


def test_the_mailbox_that_stopped_is_not_written_to(sink, sato):
    owner = person("haruka")
    stopped(owner, "invalid_grant", address="Haruka@office.example")
    tasks.send_due()
    assert sink.messages == []
    assert any("haruka" in line for line in digests._out_of_reach())


def test_one_connection_that_ends_is_one_message_for_both_directions_and_all_its_accounts(sink, db):
    owner = person("haruka", notice_address="haruka@home.example")
    grant = GrantFactory(created_by=owner)
    for address in ("work@office.example", "support@office.example"):
        stopped(
            owner,
            "invalid_grant",
            address=address,
            receive_grant=grant,
            receive_authentication=MailAccount.ReceiveAuthentication.OAUTH2,
            send_health=Health.OWNER_REQUIRED,
            send_error_code="invalid_grant",
        )
    tasks.send_due()
    (message,) = sink.messages
    assert message["Subject"] == "work@office.example no longer receives and sends"
    assert "1 other account" in text_of(message)


def test_managers_of_a_shared_account_are_told_also_through_their_department(sink, sato):
    head, member, reader = person("head"), person("member"), person("reader")
    unit = Unit.objects.create(key="sales", name="Sales")
    Membership.objects.create(user=member, unit=unit)
    account = stopped(None, "invalid_grant", kind=MailAccount.Kind.SHARED)
    manager = AccountMember.Role.MANAGER
    AccountMember.objects.create(account=account, user=head, role=manager)
    AccountMember.objects.create(account=account, unit=unit, role=manager)
    AccountMember.objects.create(account=account, user=reader)
    tasks.send_due()
    assert receivers(sink) == ["head@office.example", "member@office.example"]


def test_a_shared_account_without_managers_is_told_to_whoever_looks_after_webmail(sink, sato):
    stopped(None, "invalid_grant", kind=MailAccount.Kind.SHARED)
    tasks.send_due()
    assert receivers(sink) == ["sato@office.example"]


def test_administrators_hear_once_of_a_server_however_many_mailboxes_wait(sink, admin, sato):
    server = MailServerFactory(name="Contoso")
    for number in range(7):
        stopped(
            person(f"person{number}"),
            "protocol_disabled",
            Health.ADMINISTRATOR_REQUIRED,
            address=f"{number}@office.example",
            incoming_server=server,
        )
    tasks.send_due()
    (message,) = sink.messages
    assert message["To"] == "sato@office.example"
    assert message["Subject"] == "Contoso: 7 mailboxes wait for an administrator"
    assert "and 2 more" in text_of(message) and "1. " in text_of(message)
    stopped(
        person("late"),
        "protocol_disabled",
        Health.ADMINISTRATOR_REQUIRED,
        incoming_server=server,
    )
    tasks.send_due()
    assert len(sink.messages) == 1 and Notice.objects.get().facts["count"] == 8


def test_without_a_function_administrator_the_system_administrators_are_told(sink, admin):
    stopped(person("haruka"), "tls_expired", Health.ADMINISTRATOR_REQUIRED)
    tasks.send_due()
    assert receivers(sink) == ["admin@office.example"]


@pytest.mark.parametrize("code", ["invalid_client", "client_secret_expired", "server_switched_off"])
def test_what_is_wrong_with_a_registration_is_no_notice_of_webmail(sink, sato, code):
    stopped(person("haruka"), code, Health.ADMINISTRATOR_REQUIRED)
    tasks.send_due()
    assert sink.messages == []


def test_a_missing_key_is_told_once_to_system_administrators(sink, admin, sato):
    for code in ("encryption_key_missing", "secret_unreadable"):
        stopped(person(code), code, Health.ADMINISTRATOR_REQUIRED)
    tasks.send_due()
    (message,) = sink.messages
    assert message["To"] == "admin@office.example"
    assert "GROUPWARE_ENCRYPTION_KEYS" in text_of(message)


def test_temporary_trouble_and_what_the_owner_knows_tell_nobody(sink, sato):
    owner = person("haruka", notice_address="haruka@home.example")
    stopped(owner, "unreachable", Health.RETRYING)
    for code in ("not_authorized", "disconnected"):
        stopped(owner, code)
    tasks.send_due()
    assert sink.messages == []


def test_a_notice_ends_when_the_account_works_or_is_gone(sink, db):
    owner = person("haruka", notice_address="haruka@home.example")
    accounts = [stopped(owner, "invalid_grant", address=f"{n}@office.example") for n in "ab"]
    tasks.send_due()
    MailAccount.objects.filter(pk=accounts[0].pk).update(receive_health=Health.WORKING)
    accounts[1].delete()
    tasks.send_due()
    assert not Notice.objects.filter(ended_at=None).exists() and len(sink.messages) == 2


def test_the_digest_counts_what_waits_for_whom(sato):
    stopped(person("a"), "invalid_grant", address="a@office.example")
    stopped(person("b"), "tls_expired", Health.ADMINISTRATOR_REQUIRED, address="b@office.example")
    assert digests.lines_for(sato) == [
        "1 mailbox waits for an administrator: b@office.example",
        "1 mailbox waits for its owner: a@office.example",
    ]
    assert digests.lines_for(person("nobody")) == []


def test_an_owner_hears_that_an_administrator_ended_the_access(sink, db):
    stopped(person("haruka", notice_address="haruka@home.example"), "ended_by_administrator")
    tasks.send_due()
    assert "An administrator ended the access" in text_of(sink.messages[0])
