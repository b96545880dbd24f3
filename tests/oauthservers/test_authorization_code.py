"""The authorization code flow through HTTP, with people who sign in at real authorization servers."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware.audit.models import AuditEvent
from groupware.users.models import User
from oauthservers import vault
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.oauthservers.conftest import MAILBOX, grant_for, outdate

NEXT = "/settings/connections/?from=form"
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


@pytest.fixture
def browser(person):
    client = Client()
    client.force_login(person)
    return client


def leave(browser, server, address, protocols="imap,smtp"):
    """Press Authenticate; the address at the authorization server."""
    answer = browser.post(
        reverse("oauthservers:authorize"),
        {"server": str(server.public_id), "address": address, "protocols": protocols, "next": NEXT},
    )
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def come_back(browser, address):
    """Follow the redirect of the authorization server; where the browser ends up."""
    parts = urlsplit(address)
    answer = browser.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 302
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert "code=" not in answer["Location"]
    return answer["Location"]


def altered(address, **changes):
    """The same redirect with other parameters; None takes one out."""
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), **changes}
    return urlunsplit(
        parts._replace(query=urlencode({k: v for k, v in query.items() if v is not None}))
    )


def connect(browser, realm, server, mailbox, as_whom=None):
    return come_back(browser, realm.approve(leave(browser, server, mailbox), as_whom or mailbox))


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
        assert (query["access_type"], query["prompt"]) == ("offline", "consent")
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


# -- answers that are not to be believed ---------------------------------------------------------


@pytest.fixture
def answer(browser, sandbox, servers):
    """A good answer of the generic server, not yet brought back."""
    leaving = leave(browser, servers["generic"], MAILBOX["generic"])
    return sandbox.generic.approve(leaving, MAILBOX["generic"])


@pytest.fixture
def nothing_stored(sandbox):
    """Holds at the end of the test: no grant, and unless the test says otherwise no code was redeemed."""
    yield
    assert not Grant.objects.exists()
    assert sandbox.generic.token_requests("authorization_code") == []


def page_of(client, place):
    answer = client.get(place)
    assert answer.status_code in {200, 400}
    return answer.content.decode()


def test_answer_in_another_browser_is_refused(answer, person, nothing_stored):
    elsewhere = Client()
    elsewhere.force_login(person)
    place = come_back(elsewhere, answer)
    assert place == reverse("oauthservers:refused", args=["other_session"])
    assert "another browser" in page_of(elsewhere, place)


def test_answer_for_another_person_is_refused(answer, nothing_stored):
    elsewhere = Client()
    elsewhere.force_login(User.objects.create_user("mallory"))
    assert come_back(elsewhere, answer) == reverse("oauthservers:refused", args=["other_person"])


def test_answer_to_somebody_signed_out_is_refused_without_carrying_the_code_on(
    answer, nothing_stored
):
    nobody = Client()
    place = come_back(nobody, answer)
    assert place == reverse("oauthservers:refused", args=["signed_out"])
    assert "Sign in" in page_of(nobody, place)


def test_answer_after_ten_minutes_is_refused(answer, browser, nothing_stored):
    AuthorizationRequest.objects.update(expires_at=timezone.now())
    assert come_back(browser, answer) == reverse("oauthservers:refused", args=["expired"])


def test_answer_without_state_is_refused(answer, browser, nothing_stored):
    place = come_back(browser, altered(answer, state=None))
    assert place == reverse("oauthservers:refused", args=["state_unknown"])


def test_answer_with_an_invented_state_is_refused(answer, browser, nothing_stored):
    place = come_back(browser, altered(answer, state="x" * 43))
    assert place == reverse("oauthservers:refused", args=["state_unknown"])


def test_answer_at_the_address_of_another_server_is_refused(
    answer, browser, servers, nothing_stored
):
    mixed_up = answer.replace(str(servers["generic"].public_id), str(servers["google"].public_id))
    place = come_back(browser, mixed_up)
    assert place == reverse("oauthservers:refused", args=["other_server"])


def test_answer_of_another_issuer_is_refused(answer, browser, nothing_stored):
    come_back(browser, altered(answer, iss="https://evil.example"))
    assert AuthorizationRequest.objects.get().error_code == "issuer_mismatch"


def test_missing_issuer_is_refused_where_the_server_promised_it(
    answer, browser, servers, nothing_stored
):
    AuthorizationServer.objects.filter(pk=servers["generic"].pk).update(
        requires_issuer_in_response=True
    )
    come_back(browser, altered(answer, iss=None))
    assert AuthorizationRequest.objects.get().error_code == "issuer_missing"


def test_error_of_another_issuer_is_not_taken_for_the_persons_no(answer, browser, nothing_stored):
    come_back(
        browser, altered(answer, code=None, error="access_denied", iss="https://evil.example")
    )
    assert AuthorizationRequest.objects.get().error_code == "issuer_mismatch"


def test_answer_without_code_is_refused(answer, browser, nothing_stored):
    come_back(browser, altered(answer, code=None))
    assert AuthorizationRequest.objects.get().error_code == "code_missing"


def test_answer_with_a_repeated_parameter_is_refused(answer, browser, nothing_stored):
    place = come_back(browser, f"{answer}&code=another")
    assert place == reverse("oauthservers:refused", args=["state_unknown"])


def test_person_who_cancels_is_told_so(browser, realm, servers, kind):
    realm.forget_consent(MAILBOX[kind])
    place = come_back(
        browser, realm.decline(leave(browser, servers[kind], MAILBOX[kind]), MAILBOX[kind])
    )
    assert not Grant.objects.exists()
    assert "You stopped the connection." in page_of(browser, place)


def test_answer_that_comes_twice_shows_the_first_result_and_is_redeemed_once(
    answer, browser, sandbox
):
    assert come_back(browser, answer) == come_back(browser, answer)
    assert Grant.objects.count() == 1
    assert len(sandbox.generic.token_requests("authorization_code")) == 1


def test_invented_code_is_refused_by_the_server(answer, browser, sandbox):
    come_back(browser, altered(answer, code="invented"))
    assert not Grant.objects.exists()
    assert AuthorizationRequest.objects.get().error_code == "code_refused"


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
