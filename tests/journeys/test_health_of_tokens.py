"""Faults that nobody may be asked to mend by signing in again: an expired secret, an outage of a quarter of an hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from groupware.functions.models import FunctionAdministrator
from groupware.notices import tasks as notices
from groupware.notices.models import Notice
from groupware.users.models import User
from oauthservers import tasks as oauth_tasks
from oauthservers.models import AuthorizationServer, Grant
from tests.journeys.town import Town
from tests.mail_sink import MailSink
from webmail.models import MailAccount

Health = MailAccount.Health


@pytest.fixture
def sink(settings) -> Iterator[MailSink]:
    """The installation's mail server."""
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink


@pytest.fixture
def administrators(town: Town) -> list[User]:
    """Two system administrators, and a function administrator who cannot mend a registration."""
    other = User.objects.create_user("second", notice_address="second@elsewhere.example")
    other.set_system_administrator(True)
    other.save()
    clerk = User.objects.create_user("clerk", email="clerk@elsewhere.example")
    FunctionAdministrator.objects.create(key="webmail", user=clerk)
    User.objects.filter(username="admin").update(notice_address="admin@elsewhere.example")
    return list(User.objects.filter(is_system_administrator=True))


def test_an_expired_secret_is_one_notice_to_each_administrator_and_none_to_users(
    office: Town, sink: MailSink, administrators: list[User]
) -> None:
    realm = office.realm("alice")
    accounts = [office.account("alice"), office.account("maria")]
    office.sweep()
    realm.expire_secret(realm.client_secret)
    office.outdate()
    office.deliver("alice", "Waiting")
    for _minute in range(4):
        oauth_tasks.refresh_due_grants()
        office.sweep()
        notices.send_due()

    assert sorted(str(message["To"]) for message in sink.messages) == [
        "admin@elsewhere.example",
        "second@elsewhere.example",
    ]
    assert len(administrators) == 2
    assert "refuses the groupware" in sink.messages[0]["Subject"]
    assert set(Grant.objects.values_list("state", flat=True)) == {"active"}
    for account in accounts:
        account.refresh_from_db()
        assert account.receive_health == Health.ADMINISTRATOR_REQUIRED

    server = AuthorizationServer.objects.get(key="microsoft")
    admin = office.visitor("admin")
    admin.get(reverse("oauthservers:edit_server", args=[server.public_id]))
    admin.submit(admin.page.form("client_secret"), client_secret=realm.add_secret())
    assert admin.page.status == 200, admin.page.words
    office.sweep()
    notices.send_due()
    assert office.subjects(accounts[0]) == ["Waiting"]
    assert not Notice.objects.filter(ended_at=None).exists()
    assert len(sink.messages) == 2 and realm.token_requests("authorization_code") == []


def test_an_outage_of_fifteen_minutes_asks_nobody_to_authorize_again(
    office: Town, sink: MailSink, administrators: list[User]
) -> None:
    realm = office.realm("alice")
    account = office.account("alice", receive_grant=office.grant("alice", seconds=30))
    office.sweep()
    realm.expire_access_tokens("alice@contoso.example")
    office.deliver("alice", "During the outage")
    realm.fault("page", status=503, times=1000)
    began = timezone.now()
    seen = set()
    for minute in range(16):
        with time_machine.travel(began + timedelta(minutes=minute)):
            oauth_tasks.refresh_grant(account.receive_grant_id)
            office.sweep()
            notices.send_due()
        seen.add(MailAccount.objects.get().receive_health)
    assert seen <= {Health.WORKING, Health.RETRYING} and Health.RETRYING in seen
    assert Grant.objects.get().state == Grant.State.ACTIVE
    assert sink.messages == [] and not Notice.objects.exists()

    realm.clear_faults()
    with time_machine.travel(began + timedelta(minutes=40)):
        oauth_tasks.refresh_grant(account.receive_grant_id)
        office.sweep()
        notices.send_due()
    assert office.subjects(account) == ["During the outage"]
    assert MailAccount.objects.get().receive_health == Health.WORKING
    assert sink.messages == []
