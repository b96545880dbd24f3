"""A server that is away: nobody is asked to sign in, it is not stormed, and everything goes on when it is back."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from groupware.audit.models import AuditEvent
from oauthservers import breaker, tasks, vault
from oauthservers.errors import ReauthorizationRequiredError, TemporaryOAuthError
from oauthservers.models import AuthorizationServer, Grant
from tests.oauthservers.browsing import connect
from tests.oauthservers.conftest import MAILBOX, grant_for, outdate

OLGA, KENJI = "olga@lab.example", "kenji@lab.example"


class Clock:
    """The time as the vault sees it."""

    def __init__(self, monkeypatch):
        self._now, self.passed = timezone.now, timedelta()
        monkeypatch.setattr(timezone, "now", self.now)

    def now(self):
        return self._now() + self.passed

    def forward(self, **time):
        self.passed += timedelta(**time)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def realm(sandbox):
    return sandbox.generic


@pytest.fixture
def grants(realm, servers, person):
    return [grant_for(realm, servers["generic"], person, address=name) for name in (OLGA, KENJI)]


def server():
    return AuthorizationServer.objects.get(key="generic")


def refreshes(realm):
    return len(realm.token_requests("refresh_token"))


def ask(grant):
    """Whether a token came; trouble that is not temporary is raised."""
    try:
        return bool(vault.access_token(grant))
    except TemporaryOAuthError:
        return False


def opened_breaker(grants, realm):
    """Fail until the breaker opens."""
    realm.fault("page", times=1000)
    for grant in grants:
        outdate(grant)
    while not server().outage_since:
        Grant.objects.update(next_attempt_at=None)
        for grant in grants:
            assert not ask(grant)


def test_outage_of_a_quarter_of_an_hour_ends_no_connection(realm, grants, clock):
    realm.fault("page", times=1000)
    for grant in grants:
        outdate(grant)
    for _second in range(0, 15 * 60, 10):
        assert [ask(grant) for grant in grants] == [False, False]
        clock.forward(seconds=10)
    assert not Grant.objects.exclude(state=Grant.State.ACTIVE).exists()
    assert refreshes(realm) < 20  # of 180 times that somebody wanted a token
    began = AuditEvent.objects.filter(name="oauthservers.server.outage_began")
    assert began.count() == 1
    realm.clear_faults()
    served = set()
    for _second in range(0, 6 * 60, 10):
        served |= {grant.pk for grant in grants if ask(grant)}
        clock.forward(seconds=10)
    assert served == {grant.pk for grant in grants}
    assert server().outage_since is None
    assert AuditEvent.objects.filter(name="oauthservers.server.outage_ended").count() == 1
    assert began.count() == 1
    assert not AuditEvent.objects.filter(name="oauthservers.grant.expired").exists()


def test_open_breaker_answers_at_once_without_asking(realm, grants):
    opened_breaker(grants, realm)
    before = refreshes(realm)
    for grant in grants:
        with pytest.raises(TemporaryOAuthError) as refusal:
            vault.access_token(grant)
        assert refusal.value.code == "server_error"
        assert 0 < refusal.value.retry_after <= 300
    assert refreshes(realm) == before


def test_outage_is_logged_once_whatever_the_number_of_mailboxes(realm, grants, caplog):
    caplog.set_level(logging.WARNING)
    opened_breaker(grants, realm)
    for _ in range(5):
        AuthorizationServer.objects.update(outage_probe_at=timezone.now())
        for grant in grants:
            ask(grant)
    assert [r.getMessage() for r in caplog.records].count("outage began") == 1


def test_one_caller_probes_at_growing_pauses(realm, grants, clock):
    opened_breaker(grants, realm)
    pauses = []
    for _ in range(7):
        probe_at = server().outage_probe_at
        pauses.append((probe_at - clock.now()).total_seconds())
        clock.passed += probe_at - clock.now() + timedelta(seconds=1)
        before = refreshes(realm)
        assert [ask(grant) for grant in grants] == [False, False]
        assert refreshes(realm) == before + 1
    assert 10 < pauses[0] <= 16
    assert pauses[1] > pauses[0]
    assert 220 < pauses[-1] <= 301


def test_first_answer_closes_it_and_wakes_the_others_spread(realm, grants, clock):
    opened_breaker(grants, realm)
    Grant.objects.update(next_attempt_at=clock.now() + timedelta(minutes=30), failures=9)
    realm.clear_faults()
    clock.passed += server().outage_probe_at - clock.now()
    assert ask(grants[0])
    assert server().outage_since is None
    waiting = Grant.objects.get(pk=grants[1].pk).next_attempt_at
    assert waiting <= clock.now() + timedelta(minutes=1)
    clock.forward(minutes=1)
    assert ask(grants[1])


def test_background_lets_one_probe_through(realm, grants, clock):
    opened_breaker(grants, realm)
    assert not tasks._renewable().exists()
    clock.passed += server().outage_probe_at - clock.now()
    assert tasks._renewable().count() == 2
    before = refreshes(realm)
    for grant in grants:
        tasks.refresh_grant(grant.pk)
    assert refreshes(realm) == before + 1


def test_old_tokens_serve_while_they_live(realm, servers, person, grants):
    opened_breaker(grants, realm)
    living = Grant.objects.filter(pk=grants[0].pk)
    living.update(
        refreshed_at=timezone.now() - timedelta(minutes=5),
        access_token_expires_at=timezone.now() + timedelta(seconds=30),
    )
    assert vault.access_token(grants[0]) == grants[0].access_token


def test_verdict_about_one_token_shows_that_the_server_is_there(realm, grants):
    opened_breaker(grants, realm)
    realm.clear_faults()
    realm.revoke(OLGA)
    AuthorizationServer.objects.update(outage_probe_at=timezone.now())
    with pytest.raises(ReauthorizationRequiredError):
        vault.access_token(grants[0])
    assert server().outage_since is None


def test_failures_with_successes_between_them_open_nothing(realm, grants):
    for _ in range(breaker.FAILURES + 2):
        realm.fault("page")
        Grant.objects.update(next_attempt_at=None)
        outdate(grants[0])
        assert not ask(grants[0])
        outdate(grants[1])
        assert ask(grants[1])
    assert server().outage_since is None


def test_person_who_authorizes_gets_through_and_ends_the_outage(browser, realm, servers, grants):
    opened_breaker(grants, realm)
    realm.clear_faults()
    connect(browser, realm, servers["generic"], MAILBOX["generic"])
    assert server().outage_since is None
    assert server().outage_failures == 0


def test_outage_of_one_server_is_none_of_another(sandbox, realm, servers, person, grants):
    opened_breaker(grants, realm)
    other = grant_for(sandbox.google, servers["google"], person)
    outdate(other)
    assert vault.access_token(other)
