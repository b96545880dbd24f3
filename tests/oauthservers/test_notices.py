"""System administrators hear of a refused registration and of secrets that end; nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from groupware.notices import digests, tasks
from groupware.users.models import User
from oauthservers.expiry import expiries
from oauthservers.health import health
from oauthservers.models import AuthorizationServer
from tests.factories.webmail import AuthorizationServerFactory, GrantFactory
from tests.mail_sink import MailSink, text_of


@pytest.fixture(autouse=True)
def untouched_sandbox() -> None:
    """No server of the sandbox is needed here."""


@pytest.fixture
def sink(settings) -> Iterator[MailSink]:
    """The installation's mail server."""
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink


@pytest.fixture
def admins(db) -> list[User]:
    people = [User.objects.create_user(name, email=f"{name}@x.example") for name in ("a", "b")]
    for person in people:
        person.set_system_administrator(True)
        person.save()
    User.objects.create_user("haruka", email="haruka@x.example")
    return people


@pytest.fixture
def server(db) -> AuthorizationServer:
    return AuthorizationServerFactory(name="Contoso")


def end_in(server: AuthorizationServer, days: int, what: str = "client_secret") -> None:
    day = timezone.localdate() + timedelta(days=days)
    AuthorizationServer.objects.filter(pk=server.pk).update(**{f"{what}_expires_on": day})


def test_a_refused_registration_is_one_message_to_each_system_administrator(sink, admins, server):
    server.note_fault("client_secret_expired", "AADSTS7000222", timezone.now())
    for _sweep in range(3):
        tasks.send_due()
    assert sorted(message["To"] for message in sink.messages) == ["a@x.example", "b@x.example"]
    text = text_of(sink.messages[0])
    assert "The client secret for Contoso has expired." in text and "1. " in text
    assert f"/{server.public_id}/" in text and "AADSTS" not in text


def test_it_ends_when_the_server_accepts_the_registration(sink, admins, server):
    server.note_fault("invalid_client", "", timezone.now())
    tasks.send_due()
    server.clear_fault()
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        tasks.send_due()
    assert len(sink.messages) == 2


def test_warnings_come_60_30_14_7_and_1_days_before_and_daily_after(sink, admins, server):
    end_in(server, 62)
    told = []
    today = timezone.now()
    for days in range(62, -4, -1):
        with time_machine.travel(today + timedelta(days=62 - days), tick=False):
            tasks.send_due()
        told += [days] * (len(sink.take()) // len(admins))
    assert told == [60, 30, 14, 7, 1, -1, -2, -3]


def test_a_server_that_is_entered_late_is_warned_of_once(sink, admins, server):
    end_in(server, 5)
    for _sweep in range(2):
        tasks.send_due()
    assert len(sink.messages) == len(admins)
    assert sink.messages[0]["Subject"] == "Contoso: Client secret ends in 5 days"


def test_the_old_secret_may_end_while_the_new_one_goes_on(sink, admins, server):
    end_in(server, 400)
    end_in(server, 3, "fallback_client_secret")
    tasks.send_due()
    assert sink.messages == []
    end_in(server, -1)
    tasks.send_due()
    assert {m["Subject"].split(" ends")[0] for m in sink.messages if "ends" in m["Subject"]} == {
        "Contoso: Second client secret"
    }


def test_a_refused_secret_is_not_also_warned_of(sink, admins, server):
    end_in(server, -1)
    server.note_fault("client_secret_expired", "", timezone.now())
    tasks.send_due()
    assert len(sink.messages) == len(admins)


@pytest.mark.parametrize(
    ("days", "state", "threshold"),
    [
        (61, "valid", ""),
        (60, "warning", "60"),
        (15, "warning", "30"),
        (14, "act", "14"),
        (1, "act", "1"),
        (0, "act", "1"),
        (-1, "expired", "2026-11-12"),
    ],
)
def test_how_urgent_an_end_is(days, state, threshold):
    with time_machine.travel("2026-11-12T03:00:00+00:00"):
        day = date(2026, 11, 12) + timedelta(days=days)
        (found,) = expiries(AuthorizationServer(client_certificate_expires_on=day))
        assert (found.days_left, found.state, found.threshold) == (days, state, threshold)


def test_the_digest_names_faults_outages_and_ends(admins, server):
    server.note_fault("invalid_client", "", timezone.now())
    away = AuthorizationServerFactory(name="Lab", outage_since=timezone.now())
    end_in(away, 3)
    lines = "\n".join(digests.lines_for(admins[0]))
    assert "Contoso does not accept" in lines
    assert "Lab has been out of reach since" in lines and "Lab: Client secret ends on" in lines


def test_the_state_of_the_installation_shows_connections_ends_and_outages(server):
    end_in(server, 5)
    AuthorizationServer.objects.update(outage_since=timezone.now(), outage_code="timeout")
    GrantFactory(server=server)
    lines = {line.name: line for line in health()}
    assert "Active: 1" in lines["Connections"].detail
    assert not lines["Secrets and certificates"].is_healthy
    assert "Client secret ends on" in lines["Secrets and certificates"].detail
    assert not lines["Contoso"].is_healthy and "Out of reach since" in lines["Contoso"].detail
