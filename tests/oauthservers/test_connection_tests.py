"""The connection test as it is started, followed, repeated and kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from groupware.audit.models import AuditEvent
from groupware.users.models import User
from oauthservers import diagnosis, findings, tasks
from oauthservers.models import AuthorizationServer
from tests.oauthservers.test_diagnosis import shown


@pytest.fixture
def browser(db):
    client = Client()
    client.force_login(User.objects.create_user("admin", is_system_administrator=True))
    return client


def test_button_starts_a_test_and_the_page_follows_it_step_by_step(browser, servers):
    server = servers["generic"]
    address = reverse("oauthservers:test_server", args=[server.public_id])
    started = browser.post(address, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s"' in started
    assert started.count("check is-waiting") == len(diagnosis.STEPS)
    AuthorizationServer.objects.filter(pk=server.pk).update(
        connection_checks=[findings.Finding("name", findings.WORKS, detail="localhost").stored()]
    )
    half_way = shown(browser, server)
    assert half_way.count("check is-waiting") == len(diagnosis.STEPS) - 1
    assert half_way.count("check is-active") == 1
    tasks.test_server(server.pk)
    done = shown(browser, server)
    assert "hx-trigger" not in done
    assert done.count("check is-active") == len(diagnosis.STEPS)
    assert AuditEvent.objects.filter(name="oauthservers.server.tested").count() == 1


def test_second_press_does_not_start_a_second_test(servers):
    assert diagnosis.claim(servers["generic"])
    assert not diagnosis.claim(servers["generic"])
    long_ago = timezone.now() - diagnosis.LONGEST
    AuthorizationServer.objects.update(connection_test_started_at=long_ago)
    assert diagnosis.claim(servers["generic"])


def test_test_that_no_worker_takes_says_so(browser, servers):
    server = servers["generic"]
    diagnosis.claim(server)
    assert "No worker has begun" not in shown(browser, server)
    AuthorizationServer.objects.update(
        connection_test_started_at=timezone.now() - timedelta(seconds=40)
    )
    assert "No worker has begun" in shown(browser, server)
    AuthorizationServer.objects.update(
        connection_checks=[findings.Finding("name", findings.WORKS).stored()]
    )
    assert "No worker has begun" not in shown(browser, server)


def test_result_is_read_in_the_language_of_the_reader(servers):
    server = servers["generic"]
    diagnosis.run(server)
    server.refresh_from_db()
    english = {check.name for check in findings.shown(server.connection_checks, "House")}
    assert "Certificate chain" in english
    assert all(row["code"].isascii() for row in server.connection_checks)
    with translation.override("ja"):
        japanese = {check.name for check in findings.shown(server.connection_checks, "House")}
    assert len(japanese) == len(english)


def test_servers_in_use_are_tested_again_by_themselves_and_others_are_not(servers):
    now = timezone.now()
    states = {
        "microsoft": {"connection_checked_at": now - timedelta(hours=2)},
        "google": {"connection_checked_at": now - timedelta(minutes=20), "connection_state": "failed"},
        "generic": {"connection_checked_at": now - timedelta(minutes=20), "connection_state": "connected"},
    }  # fmt: skip
    for key, columns in states.items():
        AuthorizationServer.objects.filter(key=key).update(**columns)
    tasks.test_servers()
    begun = AuthorizationServer.objects.exclude(connection_test_started_at=None)
    assert set(begun.values_list("key", flat=True)) == {"microsoft", "google"}
    AuthorizationServer.objects.update(
        is_enabled=False, connection_test_started_at=None, connection_checked_at=None
    )
    tasks.test_servers()
    assert not begun.all().exists()


def test_routine_tests_are_recorded_only_when_something_changed(servers):
    tested = AuditEvent.objects.filter(name="oauthservers.server.tested")
    tasks.test_server(servers["generic"].pk, is_routine=True)
    tasks.test_server(servers["generic"].pk, is_routine=True)
    assert tested.count() == 1
    AuthorizationServer.objects.update(client_id="nobody-knows-me")
    tasks.test_server(servers["generic"].pk, is_routine=True)
    assert tested.count() == 2


def test_secret_is_in_no_finding(servers):
    server = servers["generic"]
    server.set_client_secret("canary-9d2c-not-for-screens")
    server.save()
    diagnosis.run(server)
    server.refresh_from_db()
    assert "canary-9d2c" not in str(server.connection_checks)


def test_nonsense_as_mailbox_is_refused_with_an_example(browser, servers):
    address = reverse("oauthservers:test_server", args=[servers["generic"].public_id])
    text = browser.post(address, {"mailbox": "haruka"}, follow=True).content.decode()
    assert "haruka@example.jp" in text
    assert AuthorizationServer.objects.get(key="generic").connection_test_started_at is None
