"""Adapters on the wire: discovery, client authentication, PKCE, what never leaves."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from groupware import outbound
from oauthservers import adapter, discovery, pkce
from oauthservers.errors import (
    AdministratorRequiredError,
    MetadataError,
    TemporaryOAuthError,
    UnreachableServerError,
)
from oauthservers.http import Answer
from oauthservers.models import AuthorizationServer
from oauthservers.providers.base import (
    ClientRegistration,
    TokenResponse,
    device_code,
    token_response,
)
from oauthservers.providers.generic import GenericProvider, addresses
from oauthservers.providers.token_endpoint import basic_credentials

REALMS = ["microsoft", "google", "generic"]


@pytest.fixture
def session(sandbox):
    return outbound.http_session(ca_pem=sandbox.ca_file.read_text())


def test_challenge_is_that_of_the_standards_example():
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
    assert pkce.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert 43 <= len(pkce.new_verifier()) <= 128


@pytest.mark.parametrize("key", ["google", "generic"])
def test_endpoints_are_discovered_from_the_issuer(sandbox, session, key):
    realm = getattr(sandbox, key)
    found = discovery.discover(realm.issuer, session)
    assert found.issuer == realm.issuer
    assert found.token_endpoint == realm.token_endpoint
    assert found.jwks_uri


def test_microsoft_endpoint_leads_to_an_issuer_with_the_tenant_open(sandbox, session):
    found = discovery.discover_microsoft(sandbox.microsoft.endpoint, session)
    assert found.issuer.endswith("/{tenantid}/v2.0")


def test_document_of_another_issuer_is_refused(sandbox, session):
    with pytest.raises(MetadataError) as refusal:
        discovery.discover(f"{sandbox.generic.issuer}/", session)
    assert refusal.value.code == "issuer_mismatch"


@pytest.mark.parametrize("address", ["https://id.example/" + "k" * 490, "https://[id.example/keys"])
def test_metadata_with_an_address_that_cannot_be_kept_are_refused(address):
    document = {
        "issuer": "https://id.example",
        "authorization_endpoint": "https://id.example/authorize",
        "token_endpoint": "https://id.example/token",
        "jwks_uri": address,
    }
    with pytest.raises(MetadataError) as refusal:
        discovery._read(Answer(200, {}, json.dumps(document).encode()), document["issuer"])
    assert refusal.value.code == "metadata_invalid"


def test_metadata_addresses_follow_both_standards():
    assert discovery.addresses("https://id.example/realms/a") == [
        "https://id.example/realms/a/.well-known/openid-configuration",
        "https://id.example/.well-known/oauth-authorization-server/realms/a",
    ]


def test_tenant_domains_and_numbers_make_an_authority_and_nothing_else_does():
    assert (
        discovery.authority("https://h.example/t.example/oauth2/v2.0/")
        == "https://h.example/t.example"
    )
    for wrong in (
        "http://h.example/t/oauth2/v2.0",
        "https://h.example/",
        "https://h.example/t/other",
        "hello",
    ):
        with pytest.raises(MetadataError):
            discovery.authority(wrong)


def test_private_address_is_not_reached(session, settings):
    settings.DEVELOPMENT = False
    with pytest.raises(UnreachableServerError) as refusal:
        discovery.discover("https://localhost:1", session)
    assert refusal.value.code == "address_refused"


# The sandbox's library does not decode Basic credentials as RFC 6749 §2.3.1 says, so there the secret is plain.
METHODS = {"client_secret_post": "a:b+c/d%e f&g=ü~", "client_secret_basic": "plain-secret_1.2~"}


@pytest.mark.parametrize(("method", "secret"), METHODS.items(), ids=METHODS)
def test_client_authenticates_either_way(sandbox, servers, method, secret):
    realm = sandbox.generic
    realm.change_secret(secret)
    provider = adapter.provider_for(servers["generic"])
    registration = replace(
        provider.registration, client_secret=secret, client_authentication=method
    )
    tokens = realm.issue("olga@lab.example")
    refreshed = GenericProvider(registration, provider.session).refresh(tokens.refresh_token, [])
    assert refreshed.access_token != tokens.access_token
    wrong = replace(registration, client_secret="wrong")
    with pytest.raises(AdministratorRequiredError):
        GenericProvider(wrong, provider.session).refresh(refreshed.refresh_token, [])


def test_basic_credentials_are_form_encoded_before_they_are_joined():
    registration = ClientRegistration(
        "my:client", "a b+c", client_authentication="client_secret_basic"
    )
    sent = basic_credentials(registration).removeprefix("Basic ")
    assert base64.b64decode(sent) == b"my%3Aclient:a+b%2Bc"


@pytest.mark.parametrize("key", REALMS)
def test_endpoints_of_the_sandbox_are_filled_in_at_first_use(servers, key):
    server = servers[key]
    adapter.provider_for(server)
    stored = AuthorizationServer.objects.get(pk=server.pk)
    assert bool(stored.token_endpoint) == (key != "microsoft")


def test_google_itself_needs_no_discovery(db):
    server = AuthorizationServer(key="g", name="G", provider="google", client_id="c")
    known = adapter.provider_for(server).registration
    assert urlsplit(known.token_endpoint).hostname == "oauth2.googleapis.com"
    assert known.issuer == "https://accounts.google.com"


def test_microsoft_scopes_are_compared_by_their_last_segment(servers):
    provider = adapter.provider_for(servers["microsoft"])
    wanted = servers["microsoft"].scopes_for(["imap", "smtp"])
    granted = ["https://graph.microsoft.com/imap.accessasuser.all", "openid"]
    assert provider.missing_scopes(wanted, granted) == ["https://outlook.office.com/SMTP.Send"]
    assert provider.missing_scopes(wanted, None) == []


def test_tokens_are_not_printed_and_not_pickled():
    tokens = token_response(
        {"access_token": "canary-a", "refresh_token": "canary-r", "token_type": "bearer"}
    )
    assert "canary" not in repr(tokens)
    for spill in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            spill(tokens)
    assert isinstance(tokens, TokenResponse)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nb", "é", None, 7])
def test_access_token_that_could_break_a_mail_protocol_is_not_taken(token):
    with pytest.raises(TemporaryOAuthError):
        token_response({"access_token": token, "token_type": "Bearer"})


def test_client_secret_is_not_in_the_printed_registration(servers):
    assert servers["generic"].client_secret not in repr(servers["generic"].registration())


@pytest.mark.parametrize("told", ["1e400", "99999999999999", '"99999999999999"', "Infinity"])
def test_lifetime_that_no_date_can_hold_does_not_cost_the_tokens(told):
    answer = json.loads(f'{{"access_token": "a", "refresh_token": "r", "expires_in": {told}}}')
    tokens = token_response(answer)
    assert tokens.refresh_token == "r"
    assert timezone.now() + timedelta(seconds=tokens.expires_in or 0)


@pytest.mark.parametrize(
    ("told", "seconds"), [("nan", None), ("inf", 3600.0), ("-5", 0.0), ("soon", None), ("7", 7.0)]
)
def test_waiting_time_is_a_number_that_can_be_waited_for(told, seconds):
    assert Answer(429, {"Retry-After": told}, b"").retry_after == seconds


def test_document_nested_without_end_is_an_unreadable_answer():
    with pytest.raises(TemporaryOAuthError):
        Answer(200, {}, b"[" * 200_000).json()


def test_names_that_no_address_can_be_are_passed_over():
    claims = {"email": "a" * 400 + "@example.com", "upn": "a\x00@example.com", "alias": "b@c.org"}
    assert addresses(claims, "email", "upn", "alias") == ("b@c.org",)


@pytest.mark.parametrize("field", ["verification_uri", "user_code"])
def test_answer_that_cannot_be_shown_is_not_taken(field):
    answer = {"device_code": "d", "user_code": "ABC", "verification_uri": "https://id.example/"}
    assert device_code(answer).interval == 5
    with pytest.raises(TemporaryOAuthError):
        device_code({**answer, field: "javascript:alert(1)\n"})
