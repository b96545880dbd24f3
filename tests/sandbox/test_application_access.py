"""Access without a person: client credentials, service accounts, secrets and certificates."""

from __future__ import annotations

import imaplib
import smtplib
import time

import google.auth.exceptions
import google.auth.transport.requests
import jwt
import msal
import pytest
from google.oauth2 import service_account

from tests.sandbox import Sandbox
from tests.sandbox.attempts import ALICE, HARUKA, MARIA, OLGA, post, refresh
from tests.sandbox.people import CONTOSO_TENANT
from tests.sandbox.test_mail_servers import imap_login, pop3_login, smtp_login

DEFAULT = "https://outlook.office365.com/.default"
MAIL = "https://mail.google.com/"


def application(sandbox: Sandbox, credential: object, tenant: str = CONTOSO_TENANT):
    server = sandbox.microsoft
    return msal.ConfidentialClientApplication(
        server.client_id,
        client_credential=credential,
        authority=f"{server.base_url}/{tenant}",
        instance_discovery=False,
        http_client=server.browser(),
    )


def by_itself(sandbox: Sandbox, credential: object, tenant: str = CONTOSO_TENANT) -> dict:
    return application(sandbox, credential, tenant).acquire_token_for_client([DEFAULT])


def test_an_application_opens_every_mailbox_of_the_tenant_and_no_other(sandbox, tls):
    answer = by_itself(sandbox, sandbox.microsoft.client_secret)
    assert not {"refresh_token", "scope", "id_token"} & answer.keys()
    token = answer["access_token"]
    for address in (ALICE, MARIA, "support@contoso.example"):
        imap_login(sandbox, tls, address, token).logout()
        pop3_login(sandbox, tls, address, token).quit()
        smtp_login(sandbox, tls, address, token).quit()
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap_login(sandbox, tls, OLGA, token)


def test_what_the_application_was_not_given_the_mail_server_refuses(sandbox, tls):
    sandbox.microsoft.set(application_permissions=["IMAP.AccessAsApp"])
    token = by_itself(sandbox, sandbox.microsoft.client_secret)["access_token"]
    imap_login(sandbox, tls, ALICE, token).logout()
    with pytest.raises(smtplib.SMTPAuthenticationError):
        smtp_login(sandbox, tls, ALICE, token)
    sandbox.microsoft.set(application_mailboxes=[MARIA])
    imap_login(sandbox, tls, MARIA, token).logout()
    with pytest.raises(imaplib.IMAP4.error):
        imap_login(sandbox, tls, ALICE, token)


@pytest.mark.parametrize(
    ("tenant", "scope", "error", "number"),
    [
        ("common", DEFAULT, "invalid_request", 9001023),
        ("organizations", DEFAULT, "invalid_request", 50059),
        ("00000000-0000-4000-8000-000000000000", DEFAULT, "unauthorized_client", 700016),
        (CONTOSO_TENANT, "IMAP.AccessAsApp", "invalid_scope", 1002012),
        (CONTOSO_TENANT, "https://nowhere.example/.default", "invalid_resource", 500011),
    ],
)
def test_a_wrong_request_of_an_application_is_told_by_number(sandbox, tenant, scope, error, number):
    server = sandbox.microsoft
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "scope": scope,
    }
    answer = server.browser().post(f"{server.tenant_endpoint(tenant)}/token", form, timeout=30)
    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json()["error_codes"]) == (error, [number])


@pytest.mark.parametrize("named_by", ["x5t#S256", "x5t"])
def test_a_certificate_stands_in_for_the_secret(sandbox, tls, named_by):
    made = sandbox.microsoft.add_certificate()
    credential = {"private_key": made.private_key_pem}
    if named_by == "x5t":
        credential["thumbprint"] = made.thumbprint
    else:
        credential["public_certificate"] = made.certificate_pem
    token = by_itself(sandbox, credential)["access_token"]
    imap_login(sandbox, tls, ALICE, token).logout()
    scopes = [*sandbox.microsoft.mail_scopes, "openid", "profile", "offline_access"]
    kept = sandbox.microsoft.issue(ALICE, scopes).refresh_token
    again = application(sandbox, credential).acquire_token_by_refresh_token(
        kept, sandbox.microsoft.mail_scopes
    )
    assert again["access_token"]
    sandbox.microsoft.remove_certificate(made)
    assert by_itself(sandbox, credential)["error_codes"] == [700027]


def test_a_certificate_that_is_too_old_or_signs_for_another_address_is_refused(sandbox):
    server, made = sandbox.microsoft, sandbox.microsoft.add_certificate(days=-1)
    credential = {"private_key": made.private_key_pem, "public_certificate": made.certificate_pem}
    answer = by_itself(sandbox, credential)
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [700027])
    good = server.add_certificate()
    claims = {"iss": server.client_id, "sub": server.client_id, "exp": time.time() + 60}
    for changes, key in (({"aud": "https://other.example/token"}, good), ({}, made)):
        header = {"x5t": _x5t(good.thumbprint)}
        endpoint = f"{server.endpoint_of_tenant}/token"
        assertion = jwt.encode(
            {**claims, "aud": endpoint, **changes}, key.private_key_pem, "RS256", header
        )
        form = {
            "grant_type": "client_credentials",
            "scope": DEFAULT,
            "client_id": server.client_id,
            "client_assertion": assertion,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }
        refused = server.browser().post(endpoint, form, timeout=30)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def _x5t(thumbprint: str) -> str:
    return jwt.utils.base64url_encode(bytes.fromhex(thumbprint)).decode()


def credentials(sandbox: Sandbox, file: dict, subject: str | None, scope: str = MAIL):
    return service_account.Credentials.from_service_account_info(
        file, scopes=[scope], subject=subject
    )


def test_a_service_account_opens_the_mailbox_of_its_subject_alone(sandbox, tls):
    request = google.auth.transport.requests.Request(session=sandbox.google.browser())
    acting = credentials(sandbox, sandbox.google.service_account(), HARUKA)
    acting.refresh(request)
    imap_login(sandbox, tls, HARUKA, acting.token).logout()
    smtp_login(sandbox, tls, HARUKA, acting.token).quit()
    nobody = credentials(sandbox, sandbox.google.service_account(), None)
    nobody.refresh(request)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap_login(sandbox, tls, HARUKA, nobody.token)


@pytest.mark.parametrize(
    ("subject", "scope", "is_delegated", "words"),
    [
        (HARUKA, MAIL, False, "unauthorized_client: Client is unauthorized to retrieve access"),
        (HARUKA, "https://www.googleapis.com/auth/drive", True, "unauthorized_client"),
        ("nobody@example.jp", MAIL, True, "invalid_grant: Invalid email or User ID"),
    ],
)
def test_a_service_account_is_refused_in_the_vendors_words(
    sandbox, subject, scope, is_delegated, words
):
    sandbox.google.set(domain_wide_delegation=is_delegated)
    request = google.auth.transport.requests.Request(session=sandbox.google.browser())
    file = sandbox.google.service_account()
    with pytest.raises(google.auth.exceptions.RefreshError, match=words):
        credentials(sandbox, file, subject, scope).refresh(request)


def test_a_service_account_with_a_foreign_key_or_an_old_assertion_is_refused(sandbox):
    one, other = sandbox.google.service_account(), sandbox.google.service_account()
    now = int(time.time())

    def refusal(key: str, **changes: object) -> str:
        claims = {
            "iss": one["client_email"],
            "sub": HARUKA,
            "scope": MAIL,
            "aud": one["token_uri"],
            "iat": now,
            "exp": now + 3600,
            **changes,
        }
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": jwt.encode(claims, key, "RS256"),
        }
        answer = sandbox.google.browser().post(one["token_uri"], form, timeout=30).json()
        return answer.get("error_description", "")

    assert refusal(one["private_key"]) == ""
    assert refusal(other["private_key"]) == "Invalid JWT Signature."
    assert "reasonable timeframe" in refusal(one["private_key"], iat=now - 8000, exp=now - 4400)
    assert "reasonable timeframe" in refusal(one["private_key"], exp=now + 7200)
    assert "audience" in refusal(one["private_key"], aud="https://other.example/token")
    sandbox.google.remove_service_account(one["client_email"])
    assert "account not found" in refusal(one["private_key"])


@pytest.mark.parametrize(
    ("key", "address"), [("microsoft", ALICE), ("google", HARUKA), ("generic", OLGA)]
)
def test_several_secrets_are_good_at_once_until_their_time_is_over(sandbox, key, address):
    server = getattr(sandbox, key)
    second = server.add_secret()

    def answer(secret: str):
        token = server.issue(address).refresh_token
        return post(server, grant_type="refresh_token", refresh_token=token, client_secret=secret)

    assert answer(server.client_secret).ok
    assert answer(second).ok
    server.expire_secret(server.client_secret)
    over = answer(server.client_secret)
    assert (over.status_code, over.json()["error"]) == (401, "invalid_client")
    if key == "microsoft":
        assert over.json()["error_codes"] == [7000222]
    assert answer(second).ok
    server.remove_secret(second)
    gone = answer(second)
    assert (gone.status_code, gone.json()["error"]) == (401, "invalid_client")
    if key == "microsoft":
        assert gone.json()["error_codes"] == [7000215]
    with pytest.raises(ValueError, match="no such secret"):
        server.expire_secret(second)


def test_a_changed_secret_replaces_the_first_one(sandbox):
    server = sandbox.generic
    token, second = server.issue(OLGA).refresh_token, server.add_secret()
    server.change_secret("quite-another")
    assert refresh(server, token).status_code == 401
    for secret in ("quite-another", second):
        fresh = server.issue(OLGA).refresh_token
        form = {"grant_type": "refresh_token", "refresh_token": fresh, "client_secret": secret}
        assert post(server, **form).ok
