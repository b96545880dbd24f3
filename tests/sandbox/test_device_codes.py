"""Device codes whose person agrees, declines, or is late, and servers that make it hard."""

from __future__ import annotations

import pytest

from tests.sandbox.attempts import ALICE, HARUKA, OLGA, post
from tests.sandbox.levers import DEVICE_GRANT

PATHS = {"microsoft": "/common/oauth2/v2.0/devicecode", "generic": "/device_authorization"}


def begin(server, **extra: str) -> dict:
    form = {
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "scope": " ".join([*server.mail_scopes, "openid", "offline_access"]),
        **extra,
    }
    return server.browser().post(server.base_url + PATHS[server.key], form, timeout=30).json()


def poll(server, device: dict) -> dict:
    answer = post(server, grant_type=DEVICE_GRANT, device_code=device["device_code"])
    return answer.json() | {"status": answer.status_code}


@pytest.mark.parametrize(("key", "address"), [("microsoft", ALICE), ("generic", OLGA)])
def test_a_code_is_approved_without_a_browser_and_works_once(sandbox, key, address):
    server = getattr(sandbox, key)
    device = begin(server)
    assert poll(server, device)["error"] == "authorization_pending"
    server.approve_device(device["user_code"], address)
    tokens = poll(server, device)
    assert tokens["refresh_token"]
    assert poll(server, device)["error"] != "authorization_pending"
    with pytest.raises(ValueError, match="nobody signs in"):
        server.approve_device("UNKNOWN", address)


@pytest.mark.parametrize(
    ("key", "lever", "error"),
    [
        ("microsoft", "decline_device", "authorization_declined"),
        ("microsoft", "expire_device", "expired_token"),
        ("microsoft", "forget_device", "bad_verification_code"),
        ("generic", "decline_device", "access_denied"),
        ("generic", "expire_device", "expired_token"),
        ("generic", "forget_device", "invalid_grant"),
    ],
)
def test_a_code_ends_in_the_words_of_its_server(sandbox, key, lever, error):
    server = getattr(sandbox, key)
    device = begin(server)
    getattr(server, lever)(device["user_code"])
    assert poll(server, device)["error"] == error


def test_hasty_polls_are_slowed_down_where_the_server_does_so(sandbox):
    server = sandbox.generic
    server.set(device_interval=3)
    device = begin(server)
    assert device["interval"] == 3
    assert poll(server, device)["error"] == "authorization_pending"
    assert poll(server, device)["error"] == "slow_down"
    server.set(slows_down=False)
    assert poll(server, device)["error"] == "authorization_pending"


def test_a_server_stumbles_while_it_is_polled(sandbox):
    server = sandbox.microsoft
    device = begin(server)
    server.fault("page", grant_type=DEVICE_GRANT)
    server.fault("error", error="slow_down", grant_type=DEVICE_GRANT)
    server.block_by_policy(grant_type=DEVICE_GRANT)
    form = {"grant_type": DEVICE_GRANT, "device_code": device["device_code"]}
    assert post(server, **form).status_code == 503
    assert poll(server, device)["error"] == "slow_down"
    blocked = poll(server, device)
    assert (blocked["error"], blocked["error_codes"]) == ("invalid_grant", [53003])
    assert blocked["suberror"] == "message_only"
    assert "AADSTS53003" in blocked["error_description"]
    assert poll(server, device)["error"] == "authorization_pending"


def test_the_message_speaks_the_language_that_was_asked_for(sandbox):
    said = {
        language: begin(sandbox.microsoft, mkt=language) for language in ("ja-JP", "en-US", "xx")
    }
    assert "サインイン" in said["ja-JP"]["message"]
    assert said["ja-JP"]["user_code"] in said["ja-JP"]["message"]
    assert said["en-US"]["message"].startswith("To sign in")
    assert said["xx"]["message"].startswith("To sign in")


def test_the_google_shaped_server_gives_no_mail_to_devices(sandbox):
    server = sandbox.google
    form = {"client_id": server.client_id, "scope": "https://mail.google.com/"}
    refused = server.browser().post(f"{server.base_url}/device/code", form, timeout=30)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    form["scope"] = "openid email"
    given = server.browser().post(f"{server.base_url}/device/code", form, timeout=30).json()
    server.approve_device(given["user_code"], HARUKA)
    assert post(server, grant_type=DEVICE_GRANT, device_code=given["device_code"]).ok
