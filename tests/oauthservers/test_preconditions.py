"""The preconditions of authorizing, against real listeners and none."""

from __future__ import annotations

import socket
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware import heartbeat, tasks
from groupware.celery import app
from groupware.users.models import User
from oauthservers import preconditions
from oauthservers.models import AuthorizationServer
from oauthservers.preconditions import Target
from tests.oauthservers.test_diagnosis import registered
from tests.oauthservers.tls_listeners import AUTHORITY, listening


@pytest.fixture
def browser(db):
    client = Client()
    client.force_login(User.objects.create_user("admin", is_system_administrator=True))
    return client


def live(browser, **headers) -> str:
    return browser.get(reverse("oauthservers:preconditions_live"), headers=headers).content.decode()


def at(service, **choices) -> Target:
    return Target("localhost", service.port, "House", ca_certificates=AUTHORITY.pem, **choices)


def test_server_that_can_be_reached_is_green_and_names_its_certificate(tmp_path):
    with listening(tmp_path, "name") as service:
        (answer,) = preconditions.reach([at(service)])
    assert answer.code == ""
    assert "House authority" in answer.detail


@pytest.mark.parametrize(
    ("certificate", "choices", "code"),
    [
        ("expired", {}, "tls_expired"),
        ("another name", {}, "tls_name_mismatch"),
        ("another name", {"verify_name": False}, ""),
        ("common name only", {}, "tls_name_mismatch"),
        ("common name only", {"allow_common_name": True}, ""),
        ("unknown authority", {}, "tls_unknown_authority"),
        ("unknown authority", {"verify_certificate": False}, ""),
    ],
)
def test_each_server_is_verified_as_it_is_registered(tmp_path, certificate, choices, code):
    with listening(tmp_path, certificate) as service:
        (answer,) = preconditions.reach([at(service, **choices)])
    assert answer.code == code


def test_what_cannot_be_reached_is_told_apart():
    wanted = [
        Target("nowhere.invalid"),
        Target("localhost", 1),
        Target("10.1.2.3"),
        Target("localhost", 70000),
    ]
    codes = [answer.code for answer in preconditions.reach(wanted)]
    assert codes[0] in {"name_not_found", "name_lookup_failed"}
    assert codes[1:] == ["unreachable", "address_refused", "port_refused"]


def test_silent_server_holds_nobody_up(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent, listening(tmp_path, "name") as service:
        mute = Target("localhost", silent.getsockname()[1])
        answers = preconditions.reach([mute, at(service)], seconds=1.5)
    assert [answer.code for answer in answers] == ["timeout", ""]


@pytest.mark.parametrize("offset", [-600, 0, 600])
def test_clock_is_compared_with_what_servers_say(tmp_path, offset):
    with listening(tmp_path, "name") as service:
        service.date = format_datetime(timezone.now() - timedelta(seconds=offset))
        answers = preconditions.reach([at(service)])
    ahead = preconditions.clock_ahead(answers)
    assert ahead is not None
    assert abs(ahead - offset) < preconditions.TOLERATED_SECONDS


def test_one_wrong_clock_elsewhere_decides_nothing():
    answers = [
        preconditions.Reached(Target("a"), clock_ahead=seconds) for seconds in (0.0, 1.0, 9999.0)
    ]
    assert preconditions.clock_ahead(answers) == 1.0
    assert preconditions.clock_ahead([preconditions.Reached(Target("a"), "timeout")]) is None


def test_unverified_server_is_not_believed_about_the_time(tmp_path):
    with listening(tmp_path, "unknown authority") as service:
        (answer,) = preconditions.reach([at(service, verify_certificate=False)])
    assert (answer.code, answer.clock_ahead) == ("", None)


def test_wrong_clock_is_red_with_its_seconds_and_a_remedy(browser, tmp_path):
    with listening(tmp_path, "name") as service:
        registered(service.url)
        service.date = format_datetime(timezone.now() + timedelta(days=1))
        text = live(browser)
    assert "seconds behind" in text
    assert "NTP" in text


def test_hosts_of_the_registered_servers_are_asked_and_otherwise_those_of_the_large_providers(db):
    assert preconditions.targets([]) == list(preconditions.USUAL)
    registered("https://id.house.example:8443", jwks_uri="https://keys.house.example/keys")
    AuthorizationServer.objects.create(
        key="google", name="Google", provider="google", client_id="groupware"
    )
    places = {(t.host, t.port) for t in preconditions.targets(AuthorizationServer.objects.all())}
    assert places == {
        ("id.house.example", 8443),
        ("keys.house.example", 443),
        ("accounts.google.com", 443),
        ("oauth2.googleapis.com", 443),
        ("openidconnect.googleapis.com", 443),
        ("www.googleapis.com", 443),
    }


def test_without_the_internet_every_line_of_the_outside_is_red_with_a_remedy(browser):
    text = live(browser)
    for target in preconditions.USUAL:
        assert target.host in text
    assert text.count("check is-act") >= len(preconditions.USUAL)
    assert "Not known" in text  # the time


def test_page_opens_before_anybody_was_asked_and_follows_by_itself(browser):
    text = browser.get(reverse("oauthservers:preconditions")).content.decode()
    assert 'hx-trigger="load"' in text
    assert "check is-waiting" in text
    assert 'hx-trigger="every 60s"' in live(browser)


def test_other_address_in_the_browser_is_red_with_both(browser, settings):
    text = live(browser, **{"HX-Current-URL": "https://10.1.2.3/system/preconditions/"})
    assert "https://10.1.2.3" in text
    assert settings.PUBLIC_URL in text
    seen = live(browser, **{"HX-Current-URL": f"{settings.PUBLIC_URL}/system/preconditions/"})
    assert "10.1.2.3" not in seen


def test_worker_that_took_a_note_is_green_and_a_silent_one_is_red(browser):
    assert live(browser).count("Not seen") == len(heartbeat.QUEUES)
    tasks.beat("sync")
    text = live(browser)
    assert text.count("Not seen") == len(heartbeat.QUEUES) - 1
    assert "seconds ago" in text


def test_beat_sends_a_note_into_every_queue():
    notes = [entry for entry in app.conf.beat_schedule.values() if entry["task"] == tasks.beat.name]
    assert {entry["options"]["queue"] for entry in notes} == set(heartbeat.QUEUES)
    assert all(entry["args"] == [entry["options"]["queue"]] for entry in notes)


def test_missing_key_and_missing_redis_are_red(browser, settings):
    settings.ENCRYPTION_KEYS = "k1:short"
    assert "GROUPWARE_ENCRYPTION_KEYS" in live(browser)
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    assert "REDIS_URL" in live(browser)
