"""Whose connection it becomes, who may sign in for it, and what is kept when only a part is allowed."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from groupware.audit.models import AuditEvent
from groupware.users.models import User
from oauthservers import vault
from oauthservers.flows import authorization_code
from oauthservers.models import AuthorizationRequest, Grant
from oauthservers.signals import grant_changed
from tests.oauthservers.browsing import come_back, connect, leave
from tests.oauthservers.conftest import MAILBOX, grant_for, outdate

OLGA, KENJI = "olga@lab.example", "kenji@lab.example"


@pytest.fixture
def realm(sandbox):
    return sandbox.generic


@pytest.fixture
def server(servers):
    return servers["generic"]


def session_of(browser):
    if not browser.session.session_key:
        browser.session.save()
    return browser.session.session_key


def way(browser, person, server, address=OLGA, protocols=("imap", "smtp"), **changes):
    """Where the person leaves for; the callback brings them back through ``browser``."""
    return authorization_code.begin(
        server=server,
        user=person,
        session_key=session_of(browser),
        mailbox_address=address,
        protocols=protocols,
        next_url="/",
        **changes,
    )


def attempt():
    return AuthorizationRequest.objects.latest("pk")


# -- owners and delegates ------------------------------------------------------------------------


def test_connection_of_a_shared_account_belongs_to_nobody(browser, person, realm, server):
    come_back(browser, realm.approve(way(browser, person, server, owner=None), OLGA))
    grant = Grant.objects.get()
    assert grant.created_by is None
    assert not Grant.objects.usable_by(person).exists()
    assert AuditEvent.objects.get(name="oauthservers.grant.kept").actor == person


def test_connections_of_a_person_and_of_nobody_stand_side_by_side(browser, person, realm, server):
    mine = grant_for(realm, server, person)
    come_back(browser, realm.approve(way(browser, person, server, owner=None), OLGA))
    assert Grant.objects.count() == 2
    assert Grant.objects.get(created_by=person).version == mine.version


def test_shared_connection_is_renewed_whoever_of_its_managers_acts(browser, person, realm, server):
    come_back(browser, realm.approve(way(browser, person, server, owner=None), OLGA))
    first = Grant.objects.get()
    manager = User.objects.create_user("manager")
    other = Client()
    other.force_login(manager)
    come_back(other, realm.approve(way(other, manager, server, owner=None), OLGA))
    assert Grant.objects.get().pk == first.pk
    assert Grant.objects.get().version == first.version + 1


def test_administrator_may_act_for_somebody_and_it_becomes_theirs(browser, person, realm, server):
    owner = User.objects.create_user("olga")
    come_back(browser, realm.approve(way(browser, person, server, owner=owner), OLGA))
    assert Grant.objects.get().created_by == owner


def test_delegate_signs_in_for_the_address_that_the_account_names(browser, person, realm, server):
    come_back(browser, realm.approve(way(browser, person, server, address=KENJI, owner=None), OLGA))
    assert attempt().error_code == "identity_mismatch"
    come_back(browser, realm.approve(way(browser, person, server, address=OLGA, owner=None), OLGA))
    grant = Grant.objects.get()
    assert grant.mailbox_address == grant.signed_in_as == OLGA


def test_all_names_of_the_one_who_signed_in_are_kept(browser, sandbox, servers):
    sandbox.microsoft.set(id_token={"email": "a.martin@contoso.example"})
    connect(browser, sandbox.microsoft, servers["microsoft"], MAILBOX["microsoft"])
    known = Grant.objects.get().known_names.splitlines()
    assert known == [MAILBOX["microsoft"], "a.martin@contoso.example"]


# -- the same mailbox again ----------------------------------------------------------------------


def test_another_subject_under_another_name_is_somebody_else(browser, person, realm, server):
    connect(browser, realm, server, OLGA)
    version = Grant.objects.get().version
    connect(browser, realm, server, OLGA, as_whom=KENJI)
    assert attempt().error_code == "identity_mismatch"
    assert Grant.objects.get().version == version


def test_another_subject_under_the_same_name_is_taken_and_recorded(browser, realm, server):
    """The address was handed on, or the account was made anew."""
    connect(browser, realm, server, OLGA)
    realm.set(id_token={"sub": "a-new-account"})
    connect(browser, realm, server, OLGA)
    assert Grant.objects.get().subject == "a-new-account"
    last = AuditEvent.objects.filter(name="oauthservers.grant.kept").latest("pk")
    assert last.details["identity"] == "changed"


def test_same_subject_under_another_name_is_the_one_who_was_let_in(browser, realm, server):
    """The person was renamed; the mailbox keeps its address."""
    connect(browser, realm, server, OLGA)
    realm.set(id_token={"email": "olga.smirnova@lab.example"})
    connect(browser, realm, server, OLGA)
    grant = Grant.objects.get()
    assert (grant.mailbox_address, grant.signed_in_as) == (OLGA, "olga.smirnova@lab.example")


def test_same_subject_of_another_issuer_is_nobody_known(browser, realm, server):
    connect(browser, realm, server, OLGA)
    Grant.objects.update(issuer="https://another.example")
    realm.set(id_token={"email": "olga.smirnova@lab.example"})
    connect(browser, realm, server, OLGA)
    assert attempt().error_code == "identity_mismatch"


# -- a second click, a closed tab ----------------------------------------------------------------


def test_second_click_leaves_both_ways_open_and_the_first_to_complete_wins(browser, realm, server):
    first, second = (leave(browser, server, OLGA) for _ in range(2))
    place = come_back(browser, realm.approve(second, OLGA))
    grant = Grant.objects.get()
    assert f"grant={grant.public_id}" in place
    later = come_back(browser, realm.approve(first, OLGA))
    assert later == place
    assert Grant.objects.get().version == grant.version
    codes = AuthorizationRequest.objects.order_by("pk").values_list("outcome", "error_code")
    assert list(codes) == [("succeeded", "already_authorized"), ("succeeded", "")]


def test_second_way_that_asks_for_more_is_not_cut_short(browser, realm, server):
    more, less = leave(browser, server, OLGA, "imap,smtp"), leave(browser, server, OLGA, "imap")
    come_back(browser, realm.approve(less, OLGA))
    come_back(browser, realm.approve(more, OLGA))
    assert set(Grant.objects.get().protocols) == {"imap", "smtp"}


def test_first_way_that_failed_leaves_the_second_one_alone(browser, realm, server):
    first, second = (leave(browser, server, OLGA) for _ in range(2))
    come_back(browser, realm.approve(first, KENJI))
    come_back(browser, realm.approve(second, OLGA))
    assert Grant.objects.get().signed_in_as == OLGA


def test_closed_tab_hinders_nothing(browser, realm, server):
    leave(browser, server, OLGA)
    connect(browser, realm, server, OLGA)
    assert Grant.objects.get().state == Grant.State.ACTIVE


# -- allowed in part -----------------------------------------------------------------------------


def granted(realm, scopes):
    """The next code brings real tokens, but for these scopes only."""
    issued = realm.issue(OLGA, [*scopes, "openid", "email", "offline_access"])
    answer = {
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "token_type": "Bearer",
        "expires_in": 120,
        "scope": issued.scope,
    }
    realm.fault(
        "page",
        status=200,
        body=json.dumps(answer),
        content_type="application/json",
        grant_type="authorization_code",
    )


def test_what_was_allowed_is_kept_and_what_is_missing_is_named(browser, realm, server):
    granted(realm, ["mail:imap"])
    place = connect(browser, realm, server, OLGA)
    grant = Grant.objects.get()
    assert grant.protocols == ["imap"]
    assert f"grant={grant.public_id}" in place
    assert (attempt().outcome, attempt().error_code) == ("succeeded", "missing_scope")
    assert attempt().missing_protocols == ["smtp"]
    assert attempt().error_detail == "mail:smtp"
    outdate(grant)
    assert vault.access_token(grant)


def test_consent_that_opens_nothing_is_not_kept(browser, realm, server):
    granted(realm, [])
    connect(browser, realm, server, OLGA)
    assert not Grant.objects.exists()
    assert attempt().error_code == "missing_scope"
    assert set(attempt().error_detail.split()) == {"mail:imap", "mail:smtp"}


def test_smaller_consent_takes_nothing_away_from_a_grant_that_works(browser, realm, server):
    connect(browser, realm, server, OLGA)
    before = Grant.objects.get()
    granted(realm, ["mail:imap"])
    connect(browser, realm, server, OLGA)
    assert (attempt().outcome, attempt().error_code) == ("failed", "missing_scope")
    assert Grant.objects.get().version == before.version
    assert set(Grant.objects.get().protocols) == {"imap", "smtp"}


def test_smaller_consent_is_better_than_a_grant_that_ended(browser, realm, server):
    connect(browser, realm, server, OLGA)
    Grant.objects.update(state=Grant.State.REAUTHORIZATION_REQUIRED)
    granted(realm, ["mail:imap"])
    connect(browser, realm, server, OLGA)
    assert Grant.objects.get().state == Grant.State.ACTIVE
    assert Grant.objects.get().protocols == ["imap"]


def test_renamed_scopes_of_microsoft_open_the_same_protocols(servers, sandbox, person):
    grant = grant_for(sandbox.microsoft, servers["microsoft"], person)
    grant.scopes = (
        "https://outlook.office365.com/imap.accessasuser.all https://graph.microsoft.com/SMTP.Send"
    )
    assert grant.protocols == ["imap", "smtp"]


# -- who is told ---------------------------------------------------------------------------------


@pytest.fixture
def told():
    seen = []

    def receive(sender, grant, **_):
        seen.append((grant.state, grant.failures))

    grant_changed.connect(receive)
    yield seen
    grant_changed.disconnect(receive)


def test_other_apps_hear_of_a_grant_that_is_made_ends_and_is_erased(realm, server, person, told):
    grant = grant_for(realm, server, person)
    assert told == [("active", 0)]
    realm.revoke(OLGA)
    outdate(grant)
    with pytest.raises(Exception, match="invalid_grant"):
        vault.access_token(grant)
    assert told[1:] == [("reauthorization_required", 0)]
    vault.revoke(grant)
    assert told[2:] == [("revoked", 0)]


def test_other_apps_hear_of_a_grant_that_comes_back_and_not_of_each_refresh(
    realm, server, person, told
):
    grant = grant_for(realm, server, person)
    outdate(grant)
    vault.access_token(grant)
    assert len(told) == 1
    Grant.objects.update(failures=3)
    outdate(grant)
    vault.access_token(grant)
    assert told[1:] == [("active", 0)]


def test_receiver_that_fails_costs_no_token(realm, server, person):
    def receive(**_):
        raise ZeroDivisionError

    grant_changed.connect(receive)
    try:
        grant = grant_for(realm, server, person)
    finally:
        grant_changed.disconnect(receive)
    assert vault.access_token(grant) == grant.access_token
