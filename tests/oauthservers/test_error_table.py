"""Every row of the error table, met as it comes over the wire: real shapes of answers, served by the sandbox.

``tests/corpus/authorization`` holds one answer to a refresh per file, named by server and lesson.
"""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path
from time import time

import pytest
from django.utils import translation

from oauthservers import adapter, vendor_codes
from oauthservers.error_messages import CODES, advise, turn_of
from oauthservers.errors import (
    AccessDeniedError,
    AdministratorRequiredError,
    OAuthError,
    ReauthorizationRequiredError,
    TemporaryOAuthError,
)
from oauthservers.remedies import STEPS
from oauthservers.vendor_codes import AT_PROVIDER, Turn

CORPUS = Path(__file__).parents[1] / "corpus" / "authorization"
KINDS: dict[str, type[OAuthError]] = {
    "person": ReauthorizationRequiredError,
    "provider": AccessDeniedError,
    "denied": AccessDeniedError,
    "registration": AdministratorRequiredError,
    "time": TemporaryOAuthError,
}
#: File → whose matter it is, the code, and for how many seconds the server asks to be left alone.
ANSWERS = {
    "microsoft_50132_credentials_revoked": ("person", "grant_revoked"),
    "microsoft_50133_session_ended_by_password": ("person", "grant_revoked"),
    "microsoft_50173_fresh_token_needed": ("person", "grant_revoked"),
    "microsoft_70008_refresh_token_expired": ("person", "refresh_expired"),
    "microsoft_700082_ninety_days_unused": ("person", "refresh_expired"),
    "microsoft_700084_single_page_application_token": ("person", "refresh_expired"),
    "microsoft_70043_sign_in_frequency": ("person", "sign_in_frequency"),
    "microsoft_70044_session_lifetime": ("person", "sign_in_frequency"),
    "microsoft_50072_second_factor_enrolment": ("person", "second_factor_setup"),
    "microsoft_50079_second_factor_enrolment_risk": ("person", "second_factor_setup"),
    "microsoft_50074_strong_authentication": ("person", "second_factor_needed"),
    "microsoft_50076_second_factor_needed": ("person", "second_factor_needed"),
    "microsoft_50078_second_factor_expired": ("person", "second_factor_needed"),
    "microsoft_50158_terms_of_use": ("person", "extra_check_needed"),
    "microsoft_50055_password_expired": ("person", "password_expired"),
    "microsoft_50126_wrong_password": ("person", "password_wrong"),
    "microsoft_50053_locked_account": ("person", "account_locked"),
    "microsoft_50020_other_organization": ("person", "wrong_organization"),
    "microsoft_50034_unknown_account": ("person", "account_unknown"),
    "microsoft_70000_grant_not_valid": ("person", "invalid_grant"),
    "microsoft_50089_flow_token_expired": ("person", "invalid_grant"),
    "microsoft_50058_silent_sign_in": ("person", "invalid_grant"),
    "microsoft_65001_consent_missing": ("provider", "administrator_consent"),
    "microsoft_90094_administrator_consent": ("provider", "administrator_consent"),
    "microsoft_90095_consent_request_sent": ("provider", "administrator_consent"),
    "microsoft_50057_account_switched_off": ("provider", "account_disabled"),
    "microsoft_50105_not_assigned": ("provider", "not_assigned"),
    "microsoft_50131_device_or_location": ("provider", "policy_blocks"),
    "microsoft_53003_conditional_access": ("provider", "policy_blocks"),
    "microsoft_530032_tenant_policy": ("provider", "policy_blocks"),
    "microsoft_53000_device_not_compliant": ("provider", "device_policy"),
    "microsoft_53001_device_not_joined": ("provider", "device_policy"),
    "microsoft_53002_application_not_approved": ("provider", "device_policy"),
    "microsoft_530003_managed_device": ("provider", "device_policy"),
    "microsoft_530035_security_defaults": ("provider", "security_defaults"),
    "microsoft_500021_tenant_restrictions": ("provider", "tenant_restricted"),
    "microsoft_500022_tenant_restrictions_missing_device": ("provider", "tenant_restricted"),
    "microsoft_7000222_secret_expired": ("registration", "client_secret_expired"),
    "microsoft_7000215_secret_id_instead_of_value": ("registration", "client_secret_wrong"),
    "microsoft_7000218_secret_missing": ("registration", "client_secret_missing"),
    "microsoft_700025_public_client_with_secret": ("registration", "client_secret_not_wanted"),
    "microsoft_700016_client_not_in_tenant": ("registration", "client_unknown"),
    "microsoft_70002_credentials_not_valid": ("registration", "invalid_client"),
    "microsoft_50011_redirect_uri": ("registration", "redirect_uri_mismatch"),
    "microsoft_50194_single_tenant_at_common": ("registration", "tenant_wrong"),
    "microsoft_90002_tenant_not_found": ("registration", "tenant_wrong"),
    "microsoft_9001023_grant_type_at_common": ("registration", "tenant_wrong"),
    "microsoft_9002332_work_accounts_only": ("registration", "tenant_wrong"),
    "microsoft_700005_code_of_another_tenant": ("registration", "tenant_wrong"),
    "microsoft_70011_scope_not_valid": ("registration", "invalid_scope"),
    "microsoft_700022_several_resources": ("registration", "invalid_scope"),
    "microsoft_500011_resource_not_found": ("registration", "invalid_scope"),
    "microsoft_650052_service_not_subscribed": ("registration", "permission_undeclared"),
    "microsoft_650056_misconfigured_application": ("registration", "permission_undeclared"),
    "microsoft_650057_resource_not_listed": ("registration", "permission_undeclared"),
    "microsoft_90014_field_missing": ("registration", "request_malformed"),
    "microsoft_900144_parameter_missing": ("registration", "request_malformed"),
    "microsoft_9002313_malformed": ("registration", "request_malformed"),
    "microsoft_501481_verifier_mismatch": ("registration", "request_malformed"),
    "microsoft_901002_resource_parameter": ("registration", "request_malformed"),
    "microsoft_50196_client_loops": ("registration", "request_malformed"),
    "microsoft_90055_tenant_throttled": ("time", "throttled"),
    "microsoft_90090_graph_transient": ("time", "temporarily_unavailable"),
    "microsoft_65004_declined": ("denied", "access_denied"),
    "google_token_revoked_or_expired": ("person", "invalid_grant"),
    "google_code_used_twice": ("person", "invalid_grant"),
    "google_session_length_policy": ("person", "sign_in_frequency"),
    "google_session_length_policy_rapt_required": ("person", "sign_in_frequency"),
    "google_administrator_restricts_the_service": ("provider", "administrator_consent"),
    "google_client_wrong": ("registration", "invalid_client"),
    "google_client_deleted": ("registration", "client_unknown"),
    "google_client_switched_off": ("registration", "client_unknown"),
    "google_internal_application_other_organization": ("registration", "app_is_internal"),
    "google_redirect_uri_mismatch": ("registration", "redirect_uri_mismatch"),
    "google_delegation_missing": ("registration", "registration_refused"),
    "google_scope_unknown": ("registration", "invalid_scope"),
    "google_internal_failure": ("time", "server_error"),
    "google_rate_limited": ("time", "throttled", 120),
    "generic_invalid_grant": ("person", "invalid_grant"),
    "generic_interaction_required": ("person", "invalid_grant"),
    "generic_login_required": ("person", "invalid_grant"),
    "generic_consent_required": ("person", "invalid_grant"),
    "generic_invalid_client": ("registration", "invalid_client"),
    "generic_unauthorized_client": ("registration", "registration_refused"),
    "generic_unsupported_grant_type": ("registration", "registration_refused"),
    "generic_invalid_request": ("registration", "registration_refused"),
    "generic_invalid_scope": ("registration", "invalid_scope"),
    "generic_invalid_target": ("registration", "registration_refused"),
    "generic_access_denied": ("denied", "access_denied"),
    "generic_temporarily_unavailable": ("time", "temporarily_unavailable"),
    "generic_server_error": ("time", "server_error"),
    "generic_invalid_grant_with_status_503": ("time", "server_error"),
    "generic_error_never_heard_of": ("time", "temporarily_unavailable"),
    "generic_error_is_a_number": ("time", "temporarily_unavailable"),
    "generic_error_without_name": ("time", "temporarily_unavailable"),
    "generic_html_maintenance_page": ("time", "server_error", 600),
    "generic_html_of_a_proxy": ("time", "unreadable_answer"),
    "generic_html_with_status_200": ("time", "unreadable_answer"),
    "generic_json_cut_off": ("time", "unreadable_answer"),
    "generic_json_list": ("time", "unreadable_answer"),
    "generic_json_empty_body": ("time", "unreadable_answer"),
    "generic_json_without_token": ("time", "unreadable_answer"),
    "generic_token_of_another_type": ("time", "unreadable_answer"),
    "generic_throttled_in_seconds": ("time", "throttled", 37),
    "generic_throttled_until_a_date": ("time", "throttled", 90),
    "generic_throttled_for_years": ("time", "throttled", 3600),
    "generic_throttled_with_nonsense": ("time", "throttled", None),
    "generic_gateway_timeout": ("time", "server_error"),
}


def served(name: str) -> dict:
    """The answer of a file as a fault of the sandbox."""
    head, _, body = (CORPUS / f"{name}.http").read_text(encoding="utf-8").partition("\n\n")
    status, *lines = head.splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    if headers.get("Retry-After", "").startswith("{"):
        headers["Retry-After"] = formatdate(time() + 90, usegmt=True)
    return {
        "status": int(status.split()[1]),
        "body": body.rstrip("\n"),
        "content_type": headers.pop("Content-Type"),
        "headers": headers,
    }


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_whose_matter(name, sandbox, servers):
    key = name.split("_")[0]
    kind, code, *wish = ANSWERS[name]
    getattr(sandbox, key).fault("page", times=3, **served(name))
    with pytest.raises(OAuthError) as caught:
        adapter.provider_for(servers[key]).refresh("a-refresh-token", ["scope"])
    error = caught.value
    assert isinstance(error, KINDS[kind]) and error.code == code
    assert (error.code in AT_PROVIDER) == (kind == "provider")
    assert "a-refresh-token" not in str(error)
    if wish:
        assert error.retry_after == (wish[0] and pytest.approx(wish[0], abs=5))


def test_every_file_is_a_row_and_every_number_has_a_file():
    assert {path.stem for path in CORPUS.glob("*.http")} == set(ANSWERS)
    numbers = {int(n.split("_")[1]) for n in ANSWERS if n.startswith("microsoft_")}
    assert set(vendor_codes.NUMBERS) <= numbers


def test_a_server_that_does_not_answer_in_time_is_waited_for(sandbox, servers, monkeypatch):
    monkeypatch.setattr("oauthservers.http.READ_SECONDS", 0.3)
    sandbox.generic.fault("hang", seconds=1)
    with pytest.raises(TemporaryOAuthError) as caught:
        adapter.provider_for(servers["generic"]).refresh("a-refresh-token", ["scope"])
    assert caught.value.code == "timeout"


def test_a_server_that_hangs_up_is_waited_for(sandbox, servers):
    sandbox.generic.fault("drop")
    with pytest.raises(TemporaryOAuthError) as caught:
        adapter.provider_for(servers["generic"]).refresh("a-refresh-token", ["scope"])
    assert caught.value.code == "unreachable"


@pytest.mark.parametrize("code", sorted({code for code, _turn in vendor_codes.NUMBERS.values()}))
def test_a_code_of_a_vendor_has_words_that_agree_about_the_turn(code):
    turns = {turn for known, turn in vendor_codes.NUMBERS.values() if known == code}
    assert code in CODES and turns == {turn_of(code)}


@pytest.mark.parametrize("code", CODES)
def test_a_row_says_what_happened_who_acts_and_at_most_one_button(code):
    told = advise(code, server="Contoso", mailbox="a@x", signed_in_as="b@x", scopes="mail")
    assert told.headline.endswith((".", "mail")) and "%(" not in told.headline
    assert told.who.endswith(".") and told.still_works.endswith(".")
    assert told.button or told.turn is not Turn.PERSON
    assert "%(" not in " ".join(told.steps)


@pytest.mark.parametrize(
    "code",
    sorted(
        {code for code, turn in vendor_codes.NUMBERS.values() if turn is Turn.REGISTRATION}
        | AT_PROVIDER
    ),
)
def test_what_an_administrator_mends_has_steps(code):
    assert STEPS[code]
    with translation.override("ja"):
        assert all(advise(code).steps)
