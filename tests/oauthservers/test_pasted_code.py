"""The pasted way: the answer goes to a loopback address where nobody listens, and the person brings it over."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from django.utils import timezone

from groupware.audit.models import AuditEvent
from groupware.users.models import User
from oauthservers import vault
from oauthservers.errors import CallbackRefusedError, OAuthError
from oauthservers.flows import authorization_code, pasted_text
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.oauthservers.browsing import altered, connect
from tests.oauthservers.conftest import MAILBOX, grant_for, outdate
from tests.sandbox.control import callback_parameters

SESSION = "a-session"


@pytest.fixture(params=["microsoft", "google", "generic"])
def kind(request):
    return request.param


@pytest.fixture
def realm(sandbox, kind):
    return getattr(sandbox, kind)


@pytest.fixture
def server(servers, kind):
    AuthorizationServer.objects.update(offers_pasted_code=True)
    return AuthorizationServer.objects.get(pk=servers[kind].pk)


def began(server, person, **changes):
    return authorization_code.begin_pasted(
        server=server,
        user=person,
        session_key=SESSION,
        mailbox_address=MAILBOX[server.key],
        protocols=["imap", "smtp"],
        next_url="/settings/",
        **changes,
    )


@pytest.fixture
def leaving(server, person):
    return began(server, person)


@pytest.fixture
def attempt(leaving):
    return leaving[0]


@pytest.fixture
def failed_address(leaving, realm, kind):
    """What stands in the browser's address bar after the sign-in."""
    return realm.approve(leaving[1], MAILBOX[kind])


def paste(attempt, text, person, session_key=SESSION):
    return authorization_code.complete_pasted(
        attempt=attempt, text=text, user=person, session_key=session_key
    )


def code_in(address):
    return callback_parameters(address)["code"]


WAYS = {
    "whole address": lambda address: address,
    "bare code": code_in,
    "code as the browser writes it": lambda address: quote(code_in(address), safe=""),
    "address without its scheme": lambda address: address.partition("://")[2],
    "address on another host": lambda address: (
        "https://other.example/" + address[address.index("?") :]
    ),
    "only what follows the question mark": lambda address: address.partition("?")[2],
    "quoted, with spaces and line breaks": lambda address: (
        f'  "{address[:40]}\r\n{address[40:]}" \n'
    ),
    "bare code in quotation marks": lambda address: f"「{code_in(address)}」",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("kind", ["google"], indirect=True)
def test_whatever_is_copied_is_understood(attempt, failed_address, person, way):
    assert paste(attempt, way(failed_address), person).outcome == "succeeded"


def test_mailbox_is_connected_and_its_token_works(attempt, failed_address, person, kind):
    assert failed_address.startswith(("http://127.0.0.1:1/?", "http://localhost:1?"))
    after = paste(attempt, failed_address, person)
    grant = Grant.objects.get()
    assert (after.outcome, after.grant, after.flow) == ("succeeded", grant, "pasted")
    assert (after.code_verifier, after.nonce) == ("", "")
    assert grant.created_by == person
    outdate(grant)
    assert vault.access_token(grant) != grant.access_token


WRONG = {
    "nothing": ("  \n ", "pasted_empty"),
    "a sentence": ("ブラウザーが開けません", "pasted_unreadable"),
    "a heap": ("x" * 9000, "pasted_unreadable"),
    "another page": ("https://accounts.example/signin?hl=ja", "pasted_no_code"),
    "an address that breaks off": ("http://127.0.0.1:1/?state=abc", "pasted_no_code"),
    "a code without state in an address": ("http://127.0.0.1:1/?code=4/0abc", "pasted_state"),
    "an address of another sign-in": ("http://127.0.0.1:1/?code=4/0a&state=xyz", "pasted_state"),
    "an error of another sign-in": ("http://127.0.0.1:1/?error=access_denied", "pasted_state"),
    "two codes": ("http://127.0.0.1:1/?code=a&code=b&state=c", "pasted_unreadable"),
    "brackets": ("http://[127.0.0.1:1/?code=a&state=c", "pasted_unreadable"),
}


@pytest.mark.parametrize(("text", "code"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("kind", ["google"], indirect=True)
def test_wrong_part_is_told_and_the_right_text_still_counts(
    attempt, failed_address, person, text, code
):
    with pytest.raises(CallbackRefusedError) as refusal:
        paste(attempt, text, person)
    assert refusal.value.code == code
    assert not Grant.objects.exists()
    assert AuditEvent.objects.filter(name="oauthservers.authorization.refused").exists()
    assert paste(attempt, failed_address, person).outcome == "succeeded"


def test_address_of_the_sign_in_page_is_recognised(leaving, person):
    with pytest.raises(CallbackRefusedError) as refusal:
        paste(leaving[0], leaving[1], person)
    assert refusal.value.code == "pasted_sign_in_page"


def test_error_in_the_address_is_the_outcome(realm, leaving, attempt, person, kind):
    realm.forget_consent(MAILBOX[kind])
    address = realm.decline(leaving[1], MAILBOX[kind])
    after = paste(attempt, address, person)
    assert (after.outcome, after.error_code) == ("failed", "access_denied")
    assert not Grant.objects.exists()


@pytest.mark.parametrize("kind", ["generic"], indirect=True)
def test_answer_of_another_issuer_is_refused(attempt, failed_address, person):
    after = paste(attempt, altered(failed_address, iss="https://evil.example"), person)
    assert after.error_code == "issuer_mismatch"
    assert not Grant.objects.exists()


@pytest.mark.parametrize("kind", ["generic"], indirect=True)
def test_missing_issuer_matters_in_an_address_and_not_beside_a_bare_code(realm, server, person):
    AuthorizationServer.objects.update(requires_issuer_in_response=True)
    attempt, address = began(server, person)
    without = altered(realm.approve(address, MAILBOX["generic"]), iss=None)
    assert paste(attempt, without, person).error_code == "issuer_missing"
    attempt, address = began(server, person)
    bare = code_in(realm.approve(address, MAILBOX["generic"]))
    assert paste(attempt, bare, person).outcome == "succeeded"


def test_bare_code_of_another_attempt_is_useless(realm, server, person, failed_address, kind):
    later, _ = began(server, person)
    after = paste(later, code_in(failed_address), person)
    assert (after.outcome, after.error_code) == ("failed", "code_refused")
    assert not Grant.objects.exists()


def test_somebody_else_signing_in_stores_nothing(realm, leaving, attempt, person, kind):
    AuthorizationRequest.objects.update(mailbox_address="another@contoso.example")
    after = paste(attempt, realm.approve(leaving[1], MAILBOX[kind]), person)
    assert (after.error_code, after.signed_in_as) == ("identity_mismatch", MAILBOX[kind])
    assert not Grant.objects.exists()


@pytest.mark.parametrize("kind", ["google"], indirect=True)
def test_attempt_of_somebody_else_or_of_another_browser_is_refused(attempt, failed_address, person):
    for who, session, code in (
        (User.objects.create_user("mallory"), SESSION, "other_person"),
        (person, "another-session", "other_session"),
    ):
        with pytest.raises(CallbackRefusedError) as refusal:
            paste(attempt, failed_address, who, session)
        assert refusal.value.code == code
    assert not Grant.objects.exists()


@pytest.mark.parametrize("kind", ["google"], indirect=True)
def test_too_late_is_told(attempt, failed_address, person):
    AuthorizationRequest.objects.update(expires_at=timezone.now())
    with pytest.raises(CallbackRefusedError) as refusal:
        paste(attempt, failed_address, person)
    assert refusal.value.code == "expired"


@pytest.mark.parametrize("kind", ["google"], indirect=True)
def test_pasting_twice_redeems_once(attempt, failed_address, person, realm):
    assert paste(attempt, failed_address, person) == paste(attempt, failed_address, person)
    assert len(realm.token_requests("authorization_code")) == 1


@pytest.mark.parametrize("kind", ["generic"], indirect=True)
def test_failed_pasting_leaves_the_working_grant_alone(realm, server, person):
    grant = grant_for(realm, server, person)
    attempt, _ = began(server, person)
    paste(attempt, "4/0invented", person)
    assert Grant.objects.get().version == grant.version


@pytest.mark.parametrize("kind", ["generic"], indirect=True)
def test_second_of_two_ways_says_that_the_first_has_won(
    realm, server, browser, attempt, failed_address, person
):
    connect(browser, realm, server, MAILBOX["generic"])
    version = Grant.objects.get().version
    after = paste(attempt, failed_address, person)
    assert (after.outcome, after.error_code) == ("succeeded", "already_authorized")
    assert after.grant == Grant.objects.get()
    assert Grant.objects.get().version == version


def test_way_that_is_not_offered_is_refused(servers, person):
    with pytest.raises(OAuthError) as refusal:
        began(servers["google"], person)
    assert refusal.value.code == "flow_not_offered"


def test_code_with_a_percent_sign_is_decoded_once():
    assert pasted_text.read("4%2F0Aeo%3D")["code"] == unquote("4%2F0Aeo%3D") == "4/0Aeo="
    assert pasted_text.read("4/0AeoW_x-y")["code"] == "4/0AeoW_x-y"
