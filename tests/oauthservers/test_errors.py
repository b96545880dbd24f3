"""Which answer is whose matter."""

from __future__ import annotations

import pytest

from oauthservers import errors
from oauthservers.errors import (
    AccessDeniedError,
    AdministratorRequiredError,
    AuthorizationPendingError,
    ExpiredTokenError,
    ReauthorizationRequiredError,
    SlowDownError,
    TemporaryOAuthError,
    from_answer,
)

PERSON, ADMINISTRATOR, TIME = (
    ReauthorizationRequiredError,
    AdministratorRequiredError,
    TemporaryOAuthError,
)
ANSWERS = [
    ("invalid_grant", [], 400, PERSON, "invalid_grant"),
    ("invalid_grant", [50173], 400, PERSON, "grant_revoked"),
    ("invalid_grant", [65001], 400, AccessDeniedError, "administrator_consent"),
    ("interaction_required", [50076], 400, PERSON, "second_factor_needed"),
    ("login_required", [], 400, PERSON, "invalid_grant"),
    ("invalid_client", [], 401, ADMINISTRATOR, "invalid_client"),
    ("invalid_client", [7000222], 401, ADMINISTRATOR, "client_secret_expired"),
    ("invalid_client", [7000215], 401, ADMINISTRATOR, "client_secret_wrong"),
    ("unauthorized_client", [700016], 400, ADMINISTRATOR, "client_unknown"),
    ("deleted_client", [], 401, ADMINISTRATOR, "client_unknown"),
    ("invalid_scope", [70011], 400, ADMINISTRATOR, "invalid_scope"),
    ("redirect_uri_mismatch", [], 400, ADMINISTRATOR, "redirect_uri_mismatch"),
    ("admin_policy_enforced", [], 400, AccessDeniedError, "administrator_consent"),
    ("access_denied", [65004], 400, AccessDeniedError, "access_denied"),
    ("authorization_declined", [], 400, AccessDeniedError, "access_denied"),
    ("authorization_pending", [70016], 400, AuthorizationPendingError, "authorization_pending"),
    ("slow_down", [], 400, SlowDownError, "slow_down"),
    ("expired_token", [70019], 400, ExpiredTokenError, "expired_token"),
    ("temporarily_unavailable", [], 400, TIME, "temporarily_unavailable"),
    ("server_error", [], 500, TIME, "temporarily_unavailable"),
    ("invalid_request", [], 503, TIME, "temporarily_unavailable"),
    ("never_heard_of", [], 400, TIME, "temporarily_unavailable"),
    ("", [], 400, TIME, "temporarily_unavailable"),
]


@pytest.mark.parametrize(("error", "numbers", "status", "kind", "code"), ANSWERS)
def test_answer_is_the_matter_of(error, numbers, status, kind, code):
    found = from_answer({"error": error, "error_codes": numbers}, status=status)
    assert type(found) is kind
    assert found.code == code


def test_secrets_that_a_server_echoes_are_blotted_out():
    found = from_answer(
        {
            "error": "invalid_grant",
            "error_description": "token 1//abc is not known, nor eyJ" + "x" * 200,
        },
        secrets=["1//abc"],
    )
    assert "1//abc" not in str(found)
    assert "xxxx" not in str(found)
    assert "is not known" in str(found)


def test_words_of_a_server_stay_on_one_line():
    assert errors.clean("a\r\nb\x00c") == "a b c"
    assert len(errors.clean("word " * 500)) <= 500
