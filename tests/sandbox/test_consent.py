"""What a person does at the consent page, and redirects to where nobody listens."""

from __future__ import annotations

from urllib.parse import urlsplit

import jwt
import pytest

from tests.sandbox import callback_parameters
from tests.sandbox.attempts import ALICE, HARUKA, OLGA, Attempt, callback

MAIL = "https://mail.google.com/"


@pytest.mark.parametrize(
    ("key", "address"), [("google", HARUKA), ("microsoft", ALICE), ("generic", OLGA)]
)
@pytest.mark.parametrize("redirect", ["http://127.0.0.1:1/", "http://localhost:49152/"])
def test_a_redirect_to_loopback_needs_nobody_who_listens(sandbox, key, address, redirect):
    server = getattr(sandbox, key)
    attempt = Attempt(server, redirect, access_type="offline", prompt="consent")
    final = server.approve(attempt.url, address)
    assert final.startswith(redirect)
    answer = callback_parameters(final)
    assert answer["state"] == "the-state"
    assert answer.get("iss") == (None if key == "microsoft" else server.issuer)
    tokens = attempt.redeem(address).json()
    assert tokens["refresh_token"]


def test_a_google_shaped_code_is_escaped_in_its_address(sandbox):
    attempt = Attempt(sandbox.google, "http://127.0.0.1:1/")
    final = sandbox.google.approve(attempt.url, HARUKA)
    assert "code=4%2F0" in urlsplit(final).query
    assert callback_parameters(final)["code"].startswith("4/0")


def test_a_person_takes_the_mail_out_of_the_consent(sandbox):
    server = sandbox.google
    server.forget_consent(HARUKA)
    attempt = Attempt(server, callback(sandbox), access_type="offline")
    final = callback_parameters(server.approve(attempt.url, HARUKA, untick=[MAIL]))
    assert MAIL not in final["scope"].split()
    form = {"code": final["code"], "code_verifier": attempt.verifier}
    tokens = attempt.redeem(HARUKA, **form).json()
    assert set(tokens["scope"].split()) == {"openid", "profile", "email"}
    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["email"] == HARUKA
    again = callback_parameters(server.approve(attempt.url, HARUKA))
    assert MAIL in again["scope"].split(), "what was taken out is asked for again"


def test_who_cannot_untick_is_told_so(sandbox):
    server = sandbox.generic
    server.forget_consent(OLGA)
    with pytest.raises(ValueError, match="nothing to untick"):
        server.approve(Attempt(server, callback(sandbox)).url, OLGA, untick=["mail:imap"])


def test_a_server_sends_an_error_in_place_of_a_code(sandbox):
    server = sandbox.google
    server.set(redirect_error={"error": "admin_policy_enforced"})
    final = callback_parameters(server.approve(Attempt(server, callback(sandbox)).url, HARUKA))
    assert final == {
        "error": "admin_policy_enforced",
        "state": "the-state",
        "iss": server.issuer,
    }
