"""Real client libraries, and plain HTTP, against the three authorization servers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import google.auth.transport.requests
import google.oauth2.credentials
import jwt
import msal
import pytest

from tests.sandbox import PASSWORD, callback_parameters
from tests.sandbox.attempts import ALICE, HARUKA, MARIA, OLGA, Attempt, callback, post, refresh


@pytest.mark.parametrize(("key", "address"), [("generic", OLGA), ("google", HARUKA)])
def test_a_person_consents_and_the_client_gets_tokens_and_a_signed_identity(sandbox, key, address):
    server = getattr(sandbox, key)
    server.forget_consent(address)
    attempt = Attempt(server, callback(sandbox), access_type="offline")
    answer = callback_parameters(server.approve(attempt.url, address))
    assert answer["state"] == "the-state"
    assert answer["iss"] == server.issuer
    tokens = Attempt.redeem(attempt, address, code=answer["code"]).json()
    metadata = server.browser().get(server.metadata_url, timeout=30).json()
    keys = server.browser().get(metadata["jwks_uri"], timeout=30).json()
    claims = jwt.decode(
        tokens["id_token"],
        jwt.PyJWKSet.from_dict(keys).keys[0],
        ["RS256"],
        audience=server.client_id,
        issuer=metadata["issuer"],
    )
    assert (claims["email"], claims["nonce"]) == (address, attempt.nonce)
    assert tokens["refresh_token"]
    assert tokens["expires_in"] == 120
    who = server.browser().get(
        metadata["userinfo_endpoint"],
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        timeout=30,
    )
    assert who.json()["email"] == address


@pytest.mark.parametrize(
    "tenant", ["common", "organizations", "6d2f9c1e-4b7a-4f0e-9a53-1c2d3e4f5a6b"]
)
def test_msal_signs_in_and_refreshes_at_the_microsoft_shaped_server(sandbox, tenant):
    server, redirect = sandbox.microsoft, callback(sandbox)
    app = msal.ConfidentialClientApplication(
        server.client_id,
        client_credential=server.client_secret,
        authority=f"{server.base_url}/{tenant}",
        instance_discovery=False,
        http_client=server.browser(),
    )
    flow = app.initiate_auth_code_flow([*server.mail_scopes, "email"], redirect, login_hint=ALICE)
    answer = callback_parameters(server.approve(flow["auth_uri"], ALICE))
    tokens = app.acquire_token_by_auth_code_flow(flow, answer)
    claims = tokens["id_token_claims"]
    assert claims["iss"] == f"{server.base_url}/{claims['tid']}/v2.0"
    assert claims["preferred_username"] == claims["email"] == ALICE
    again = app.acquire_token_by_refresh_token(tokens["refresh_token"], server.mail_scopes)
    assert again["access_token"] != tokens["access_token"]
    assert "offline_access" not in again["scope"].split()
    assert refresh(server, tokens["refresh_token"]).ok, "the old refresh token stays good here"


def test_msal_sees_a_device_code_through(sandbox):
    server = sandbox.microsoft
    app = msal.PublicClientApplication(
        server.client_id,
        authority=f"{server.base_url}/organizations",
        instance_discovery=False,
        http_client=server.browser(),
    )
    flow = app.initiate_device_flow(server.mail_scopes)
    pending = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    assert (pending["error"], pending["error_codes"]) == ("authorization_pending", [70016])
    browser = server.browser()
    form = {"user_code": flow["user_code"], "action": "sign_in", "email": MARIA}
    browser.post(flow["verification_uri"], data={**form, "password": PASSWORD}, timeout=30)
    accept = {"user_code": flow["user_code"], "action": "accept", "account": MARIA}
    assert "connected" in browser.post(flow["verification_uri"], data=accept, timeout=30).text
    tokens = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    assert tokens["id_token_claims"]["preferred_username"] == MARIA
    assert app.acquire_token_by_refresh_token(tokens["refresh_token"], server.mail_scopes)[
        "access_token"
    ]


def test_microsoft_errors_carry_numbers_and_traces(sandbox):
    wrong = post(
        sandbox.microsoft, grant_type="refresh_token", refresh_token="x", client_secret="wrong"
    )
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert wrong.json()["error_codes"] == [7000215]
    dead = refresh(sandbox.microsoft, "unknown").json()
    assert (dead["error"], dead["error_codes"]) == ("invalid_grant", [50173])
    assert {"trace_id", "correlation_id", "timestamp"} <= dead.keys()
    declined = sandbox.microsoft.decline(
        Attempt(sandbox.microsoft, callback(sandbox), prompt="consent").url, ALICE
    )
    assert callback_parameters(declined)["error"] == "access_denied"
    assert "AADSTS65004" in callback_parameters(declined)["error_description"]


def test_google_auth_refreshes_and_the_refresh_token_stays_the_same(sandbox):
    server = sandbox.google
    minted = server.issue(HARUKA)
    credentials = google.oauth2.credentials.Credentials(
        None,
        refresh_token=minted.refresh_token,
        token_uri=server.token_endpoint,
        client_id=server.client_id,
        client_secret=server.client_secret,
    )
    credentials.refresh(google.auth.transport.requests.Request(session=server.browser()))
    assert credentials.token.startswith("ya29.")
    assert credentials.refresh_token == minted.refresh_token


def test_google_gives_a_refresh_token_only_at_the_first_or_a_repeated_consent(sandbox):
    server, redirect = sandbox.google, callback(sandbox)
    server.revoke(HARUKA)
    assert "refresh_token" not in Attempt(server, redirect).redeem(HARUKA).json()
    offline = Attempt(server, redirect, access_type="offline")
    assert "refresh_token" not in offline.redeem(HARUKA).json()
    asked = Attempt(server, redirect, access_type="offline", prompt="consent")
    assert asked.redeem(HARUKA).json()["refresh_token"]


def test_a_rotated_refresh_token_that_comes_again_ends_the_grant(sandbox):
    first = sandbox.generic.issue(OLGA).refresh_token
    second = refresh(sandbox.generic, first).json()["refresh_token"]
    third = refresh(sandbox.generic, second).json()["refresh_token"]
    assert len({first, second, third}) == 3
    assert refresh(sandbox.generic, second).json()["error"] == "invalid_grant"
    assert refresh(sandbox.generic, third).json()["error"] == "invalid_grant"


def test_of_many_simultaneous_refreshes_with_one_token_a_single_one_succeeds(sandbox):
    token = sandbox.generic.issue(OLGA).refresh_token
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(sandbox.generic, token).status_code, range(8)))
    assert sorted(answers) == [200] + [400] * 7


def test_a_browser_with_a_session_of_somebody_else_is_asked_who_it_is(sandbox):
    server, redirect = sandbox.microsoft, callback(sandbox)
    browser = server.browser()
    server.approve(Attempt(server, redirect, login_hint=ALICE).url, ALICE, browser)
    silent = browser.get(Attempt(server, redirect).url, allow_redirects=False, timeout=30)
    assert silent.is_redirect, "one session and no wish: the account is taken without a question"
    hinted = browser.get(Attempt(server, redirect, login_hint=MARIA).url, timeout=30)
    assert ALICE in hinted.text
    assert "another account" in hinted.text
    chooser = Attempt(server, redirect, prompt="select_account")
    assert "another account" in browser.get(chooser.url, timeout=30).text
    assert "code=" in server.approve(chooser.url, MARIA, browser)


def test_revocation_and_introspection_agree(sandbox):
    server, minted = sandbox.generic, sandbox.generic.issue(OLGA)
    known = {"client_id": server.client_id, "client_secret": server.client_secret}

    def is_active() -> bool:
        form = {**known, "token": minted.access_token}
        answer = server.browser().post(f"{server.base_url}/introspect", data=form, timeout=30)
        return answer.json()["active"]

    assert is_active()
    form = {**known, "token": minted.refresh_token}
    assert server.browser().post(f"{server.base_url}/revoke", data=form, timeout=30).ok
    assert not is_active()


def test_the_client_may_show_its_secret_by_http_basic(sandbox):
    server = sandbox.generic
    form = {"grant_type": "refresh_token", "refresh_token": server.issue(OLGA).refresh_token}
    basic = (server.client_id, server.client_secret)
    assert server.browser().post(server.token_endpoint, data=form, auth=basic, timeout=30).ok
