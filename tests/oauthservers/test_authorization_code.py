"""The authorization code flow through HTTP, with people who sign in at real authorization servers."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import reverse

from groupware.audit.models import AuditEvent
from oauthservers import vault
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.oauthservers.browsing import NEXT, come_back, connect, leave, page_of
from tests.oauthservers.conftest import MAILBOX, grant_for, outdate

OTHER = {
    "microsoft": "maria@contoso.example",
    "google": "haruka@example.jp",
    "generic": "kenji@lab.example",
}


@pytest.fixture(params=["microsoft", "google", "generic"])
def kind(request):
    return request.param


@pytest.fixture
def realm(sandbox, kind):
    return getattr(sandbox, kind)


def test_mailbox_is_connected_and_its_token_works(browser, realm, servers, person, kind):
    place = connect(browser, realm, servers[kind], MAILBOX[kind])
    grant = Grant.objects.get()
    assert place == f"/settings/connections/?from=form&grant={grant.public_id}"
    assert grant.created_by == person
    assert grant.signed_in_as == MAILBOX[kind]
    assert grant.subject
    assert grant.issuer
    assert set(grant.protocols) >= {"imap", "smtp"}
    outdate(grant)
    assert vault.access_token(grant) != grant.access_token
    attempt = AuthorizationRequest.objects.get()
    assert attempt.outcome == "succeeded"
    assert (attempt.code_verifier, attempt.nonce) == ("", "")
    names = set(AuditEvent.objects.values_list("name", flat=True))
    assert {"oauthservers.authorization.started", "oauthservers.grant.kept"} <= names
    assert browser.get(place).status_code == 200


def test_request_carries_pkce_state_nonce_and_the_public_redirect_uri(
    browser, servers, kind, settings
):
    query = dict(parse_qsl(urlsplit(leave(browser, servers[kind], MAILBOX[kind])).query))
    assert query["code_challenge_method"] == "S256"
    assert len(query["state"]) >= 43
    assert query["nonce"]
    server = servers[kind]
    assert query["redirect_uri"] == f"{settings.PUBLIC_URL}/oauth/callback/{server.public_id}/"
    attempt = AuthorizationRequest.objects.get()
    assert query["state"] not in str(vars(attempt))
    if kind == "google":
        assert (query["access_type"], query["prompt"]) == (
            "offline",
            "select_account consent",
        )
        assert query["login_hint"] == MAILBOX[kind]
    if kind == "microsoft":
        assert query["prompt"] == "select_account"


def test_mailbox_address_is_compared_without_letter_case(browser, realm, servers, kind):
    mailbox = MAILBOX[kind].upper()
    come_back(browser, realm.approve(leave(browser, servers[kind], mailbox), MAILBOX[kind]))
    assert Grant.objects.get().mailbox_address == mailbox


@pytest.mark.parametrize("kind", ["microsoft", "generic"])
def test_somebody_else_signing_in_stores_nothing_and_both_names_are_told(
    browser, realm, servers, kind
):
    place = connect(browser, realm, servers[kind], MAILBOX[kind], as_whom=OTHER[kind])
    assert not Grant.objects.exists()
    page = browser.get(place).content.decode()
    assert OTHER[kind] in page
    assert MAILBOX[kind] in page


def test_google_address_that_is_not_verified_is_nobodys(browser, sandbox, servers):
    sandbox.google.set(id_token={"email_verified": False})
    connect(browser, sandbox.google, servers["google"], MAILBOX["google"])
    assert not Grant.objects.exists()


FORGED = {
    "for another client": {"aud": "somebody-else"},
    "by another issuer": {"iss": "https://login.evil.example/v2.0"},
    "of another attempt": {"nonce": "another"},
    "long over": {"exp": 1_600_000_000},
    "without nonce": {"nonce": None},
}


@pytest.mark.parametrize("claims", FORGED.values(), ids=FORGED)
def test_id_token_that_does_not_hold_stores_nothing(browser, realm, servers, kind, claims):
    realm.set(id_token=claims)
    connect(browser, realm, servers[kind], MAILBOX[kind])
    assert not Grant.objects.exists()
    assert AuthorizationRequest.objects.get().error_code == "identity_invalid"


def test_subject_longer_than_the_standard_allows_stores_nothing(browser, realm, servers, kind):
    realm.set(id_token={"sub": "s" * 256, "oid": "s" * 256})
    connect(browser, realm, servers[kind], MAILBOX[kind])
    assert not Grant.objects.exists()
    assert AuthorizationRequest.objects.get().error_code == "identity_invalid"


def test_id_token_with_a_forged_signature_stores_nothing(browser, realm, servers, kind):
    realm.set(is_id_token_forged=True)
    connect(browser, realm, servers[kind], MAILBOX[kind])
    assert not Grant.objects.exists()


def test_userinfo_tells_who_signed_in_where_there_is_no_id_token(browser, sandbox, servers):
    sandbox.generic.set(omit_id_token=True)
    connect(browser, sandbox.generic, servers["generic"], MAILBOX["generic"])
    assert Grant.objects.get().signed_in_as == MAILBOX["generic"]


def test_no_refresh_token_is_a_clear_failure(browser, realm, servers, kind):
    realm.set(omit_refresh_token=True)
    connect(browser, realm, servers[kind], MAILBOX[kind])
    assert not Grant.objects.exists()
    assert AuthorizationRequest.objects.get().error_code == "missing_refresh_token"


def test_left_out_scope_and_lifetime_mean_as_asked(browser, realm, servers, kind):
    realm.set(omit_scope=True, omit_expires_in=True)
    connect(browser, realm, servers[kind], MAILBOX[kind])
    grant = Grant.objects.get()
    assert grant.lifetime == timedelta(hours=1)
    assert "smtp" in grant.protocols


# -- authorizing again ---------------------------------------------------------------------------


def test_failed_second_authorization_leaves_the_working_grant_alone(
    browser, sandbox, servers, person
):
    grant = grant_for(sandbox.generic, servers["generic"], person)
    connect(
        browser, sandbox.generic, servers["generic"], MAILBOX["generic"], as_whom=OTHER["generic"]
    )
    assert Grant.objects.get().version == grant.version
    outdate(grant)
    assert vault.access_token(grant)


def test_second_authorization_renews_the_same_grant(browser, realm, servers, person, kind):
    grant = grant_for(realm, servers[kind], person)
    connect(browser, realm, servers[kind], MAILBOX[kind])
    renewed = Grant.objects.get()
    assert renewed.pk == grant.pk
    assert renewed.refresh_token != grant.refresh_token


def test_authorizing_one_direction_keeps_the_other(browser, sandbox, servers):
    server, realm = servers["generic"], sandbox.generic
    come_back(
        browser,
        realm.approve(leave(browser, server, MAILBOX["generic"], "imap"), MAILBOX["generic"]),
    )
    come_back(
        browser,
        realm.approve(leave(browser, server, MAILBOX["generic"], "smtp"), MAILBOX["generic"]),
    )
    assert set(Grant.objects.get().protocols) == {"imap", "smtp"}


def test_wrong_secret_at_the_exchange_is_the_administrators_matter(browser, realm, servers, kind):
    leaving = leave(browser, servers[kind], MAILBOX[kind])
    back = realm.approve(leaving, MAILBOX[kind])
    realm.change_secret("another-secret-entirely")
    place = come_back(browser, back)
    assert not Grant.objects.exists()
    assert AuthorizationServer.objects.get(pk=servers[kind].pk).fault_code
    assert "system administrator" in page_of(browser, place)


@pytest.mark.parametrize(
    "destination", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_foreign_next_address_is_refused(browser, servers, destination):
    answer = browser.post(
        reverse("oauthservers:authorize"),
        {
            "server": str(servers["generic"].public_id),
            "address": MAILBOX["generic"],
            "protocols": "imap",
            "next": destination,
        },
    )
    assert answer.status_code == 404
    assert not AuthorizationRequest.objects.exists()


def test_switched_off_server_cannot_be_used(browser, servers):
    AuthorizationServer.objects.update(is_enabled=False)
    answer = browser.post(
        reverse("oauthservers:authorize"),
        {
            "server": str(servers["generic"].public_id),
            "address": MAILBOX["generic"],
            "protocols": "imap",
            "next": NEXT,
        },
    )
    assert answer.status_code == 404
