"""What the authorization servers refuse, and how they can be made to fail."""

from __future__ import annotations

import jwt
import pytest
import requests

from tests.sandbox import callback_parameters
from tests.sandbox.attempts import OLGA, Attempt, callback, refresh


def test_a_code_works_once_and_only_with_its_verifier_and_address(sandbox):
    server, attempt = sandbox.generic, Attempt(sandbox.generic, callback(sandbox))
    code = callback_parameters(server.approve(attempt.url, OLGA))["code"]
    assert (
        attempt.redeem(OLGA, code=code, code_verifier="x" * 43).json()["error"] == "invalid_grant"
    )
    other = attempt.redeem(OLGA, code=code, redirect_uri=attempt.redirect_uri + "x")
    assert other.json()["error"] == "invalid_grant"
    tokens = attempt.redeem(OLGA, code=code).json()
    assert attempt.redeem(OLGA, code=code).json()["error"] == "invalid_grant"
    assert refresh(server, tokens["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": "plain"},
        {"redirect_uri": "http://app.example/elsewhere/"},
        {"redirect_uri": "http://app.example/oauth/callback/1/?x=1"},
        {"client_id": "nobody"},
    ],
)
def test_a_wrong_authorization_request_is_refused_before_anybody_signs_in(sandbox, changes):
    attempt = Attempt(sandbox.generic, callback(sandbox), **changes)
    try:
        answer = callback_parameters(sandbox.generic.approve(attempt.url, OLGA))
    except ValueError as refusal:
        answer = {"error": str(refusal)}
    assert "code" not in answer
    assert "invalid_" in answer["error"]


@pytest.mark.parametrize(
    ("redirect_uri", "is_registered"),
    [
        ("http://127.0.0.1:49152/", True),
        ("http://localhost:7/", True),
        ("http://localhost", True),
        ("http://127.0.0.1:49152/other", False),
        ("http://127.0.0.2:49152/", False),
        ("http://app.example/oauth/callback/1/", True),
        ("http://app.example/oauth/callback/../1/", False),
        ("http://app.example:8000/oauth/callback/1/", False),
        ("http://app.example/oauth/callback/1/#x", False),
    ],
)
def test_redirects_are_exact_except_for_the_port_of_loopback(sandbox, redirect_uri, is_registered):
    callback(sandbox)
    attempt = Attempt(sandbox.generic, redirect_uri)
    page = sandbox.generic.browser().get(attempt.url, allow_redirects=False, timeout=30)
    assert (page.status_code == 200) is is_registered


def test_no_token_and_no_secret_reaches_a_log(sandbox):
    minted = sandbox.generic.issue(OLGA)
    sandbox.generic.fault("drop_after")
    with pytest.raises(requests.ConnectionError):
        refresh(sandbox.generic, minted.refresh_token)
    secrets_of_it = (minted.access_token, minted.refresh_token, sandbox.generic.client_secret)
    for log in ("sandbox.log", "dovecot.log"):
        words = (sandbox.data / log).read_text(errors="replace")
        assert not [secret for secret in secrets_of_it if secret in words]


def test_faults_come_in_order_and_then_the_server_is_well_again(sandbox):
    server = sandbox.generic
    token = server.issue(OLGA).refresh_token
    server.fault("error", error="invalid_client")
    server.fault("page")
    server.fault("throttle", retry_after=7)
    server.fault("drop")
    assert refresh(server, token).json()["error"] == "invalid_client"
    page = refresh(server, token)
    assert (page.status_code, page.headers["Content-Type"][:9]) == (503, "text/html")
    assert refresh(server, token).headers["Retry-After"] == "7"
    with pytest.raises(requests.ConnectionError):
        refresh(server, token)
    assert refresh(server, token).ok
    statuses = [request["status"] for request in server.token_requests("refresh_token")]
    assert statuses == [0, 0, 0, 0, 200]


def test_an_answer_lost_on_the_way_has_used_the_refresh_token_up(sandbox):
    token = sandbox.generic.issue(OLGA).refresh_token
    sandbox.generic.fault("drop_after")
    with pytest.raises(requests.ConnectionError):
        refresh(sandbox.generic, token)
    assert refresh(sandbox.generic, token).json()["error"] == "invalid_grant"


def test_identity_and_answers_can_be_made_wrong(sandbox):
    server = sandbox.generic
    server.set(
        id_token={"aud": "somebody", "nonce": None}, omit_scope=True, omit_refresh_token=True
    )
    tokens = Attempt(server, callback(sandbox)).redeem(OLGA).json()
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert claims["aud"] == "somebody"
    assert "nonce" not in claims
    assert not {"scope", "refresh_token"} & tokens.keys()
    with pytest.raises(ValueError, match="no setting"):
        server.set(colour="red")
