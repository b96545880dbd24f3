"""The connection test of an authorization server, against real servers with right and wrong certificates."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from groupware.users.models import User
from oauthservers import diagnosis
from oauthservers.models import AuthorizationServer, Grant
from tests.oauthservers.conftest import grant_for
from tests.oauthservers.tls_listeners import AUTHORITY, listening


@pytest.fixture
def administrator(db):
    return User.objects.create_user("admin", is_system_administrator=True)


@pytest.fixture
def browser(administrator):
    client = Client()
    client.force_login(administrator)
    return client


def registered(url: str, **columns) -> AuthorizationServer:
    """A generic server at ``url`` that trusts the house's authority."""
    server = AuthorizationServer(
        **{
            "key": "house",
            "name": "House",
            "provider": "generic",
            "client_id": "groupware",
            "issuer": url,
            "ca_certificates": AUTHORITY.pem,
            **columns,
        }
    )
    server.set_client_secret("first-secret-of-house")
    server.save()
    return server


def found(server: AuthorizationServer, **options) -> dict[str, tuple[str, str]]:
    """Step → state and code of a test made now."""
    diagnosis.run(server, **options)
    server.refresh_from_db()
    return {row["step"]: (row["state"], row["code"]) for row in server.connection_checks}


#: certificate, boxes → (certificate step, name step)
WORKS, FAILED, OFF = "active", "act", "off"
BOXES = {
    "both": {},
    "chain only": {"verify_name": False},
    "with common name": {"allow_common_name": True},
    "none": {"verify_certificate": False},
}
MATRIX = {
    ("name", "both"): ((WORKS, ""), (WORKS, "by_name")),
    ("name", "with common name"): ((WORKS, ""), (WORKS, "by_name")),
    ("name", "chain only"): ((WORKS, ""), (OFF, "not_compared")),
    ("common name only", "both"): ((WORKS, ""), (FAILED, "tls_name_mismatch")),
    ("common name only", "with common name"): ((WORKS, ""), (WORKS, "by_common_name")),
    ("common name only", "chain only"): ((WORKS, ""), (OFF, "not_compared")),
    ("another name", "both"): ((WORKS, ""), (FAILED, "tls_name_mismatch")),
    ("another name", "with common name"): ((WORKS, ""), (FAILED, "tls_name_mismatch")),
    ("another name", "chain only"): ((WORKS, ""), (OFF, "not_compared")),
    ("another name", "none"): ((OFF, "not_verified"), (OFF, "not_compared")),
    ("unknown authority", "both"): ((FAILED, "tls_unknown_authority"), (OFF, "")),
    ("unknown authority", "none"): ((OFF, "not_verified"), (OFF, "not_compared")),
    ("expired", "both"): ((FAILED, "tls_expired"), (OFF, "")),
    ("expired", "chain only"): ((FAILED, "tls_expired"), (OFF, "")),
    ("not yet valid", "both"): ((FAILED, "tls_not_yet_valid"), (OFF, "")),
    ("self-signed", "both"): ((FAILED, "tls_self_signed"), (OFF, "")),
    ("ends soon", "both"): (("trouble", "ends_soon"), (WORKS, "by_name")),
}


@pytest.mark.parametrize(("certificate", "boxes"), MATRIX)
def test_chain_and_name_are_told_apart(db, tmp_path, certificate, boxes):
    with listening(tmp_path, certificate) as service:
        steps = found(registered(service.url, **BOXES[boxes]))
    assert (steps["certificate"], steps["server_name"]) == MATRIX[certificate, boxes]
    stops = FAILED in {state for state, _code in MATRIX[certificate, boxes]}
    assert steps["metadata"][0] == (OFF if stops else WORKS)


def test_certificate_step_names_holder_issuer_and_last_day(db, tmp_path):
    with listening(tmp_path, "name") as service:
        server = registered(service.url)
        diagnosis.run(server)
    server.refresh_from_db()
    detail = next(r["detail"] for r in server.connection_checks if r["step"] == "certificate")
    assert detail.startswith("localhost · House authority · 20")


@pytest.mark.parametrize("kind", ["microsoft", "google", "generic"])
def test_every_step_works_at_each_kind_and_the_client_is_accepted_without_a_person(servers, kind):
    server = servers[kind]
    steps = found(server)
    assert {state for state, _code in steps.values()} == {WORKS}
    assert steps["client"] == (WORKS, "client_accepted")
    assert server.connection_state == "connected"
    assert bool(server.token_endpoint) == (kind == "generic" or kind == "google")


@pytest.mark.parametrize("kind", ["microsoft", "google", "generic"])
def test_wrong_secret_is_found_and_no_mailbox_suffers(servers, sandbox, person, kind):
    server = servers[kind]
    grant = grant_for(getattr(sandbox, kind), server, person)
    server.set_client_secret("another-secret-altogether")
    server.save()
    steps = found(server)
    assert steps["client"][0] == FAILED
    assert steps["client"][1] in {"client_secret_wrong", "invalid_client"}
    assert server.connection_error_code == steps["client"][1]
    assert Grant.objects.get(pk=grant.pk).state == Grant.State.ACTIVE
    assert server.fault_code == ""


def test_second_secret_does_not_hide_that_the_first_is_refused(servers, sandbox):
    server = servers["generic"]
    server.fallback_client_secret = sandbox.generic.client_secret
    server.set_client_secret("the-new-one-was-mistyped")
    server.save()
    assert found(server)["client"] == ("trouble", "client_by_second")
    assert server.connection_state == "connected"


def test_unknown_client_is_found(servers):
    server = servers["microsoft"]
    AuthorizationServer.objects.filter(pk=server.pk).update(client_id="nobody-knows-me")
    server.refresh_from_db()
    assert found(server)["client"][0] == FAILED


def test_invented_token_is_the_only_thing_sent_and_is_new_each_time(db, tmp_path):
    with listening(tmp_path, "name") as service:
        server = registered(service.url)
        diagnosis.run(server)
        diagnosis.run(server)
        assert len(set(service.posted)) == 2
        assert all("grant_type=refresh_token" in body for body in service.posted)


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ("invalid_grant", (WORKS, "client_accepted")),
        ("invalid_client", (FAILED, "invalid_client")),
        ("unauthorized_client", (FAILED, "registration_refused")),
        ("unsupported_grant_type", (WORKS, "client_unclear")),
        ("invalid_request", (WORKS, "client_unclear")),
    ],
)
def test_answer_to_an_invented_token_is_read(db, tmp_path, refusal, expected):
    with listening(tmp_path, "name", refusal) as service:
        assert found(registered(service.url))["client"] == expected


BROKEN = {
    "name": ({"issuer": "https://nowhere.invalid"}, "name_not_found"),
    "connection": ({"issuer": "https://localhost:1"}, "unreachable"),
    "port": ({"issuer": "https://localhost:99999"}, "port_refused"),
    "authority": ({"ca_certificates": ""}, "tls_unknown_authority"),
    "certificates": ({"ca_certificates": "-----BEGIN CERTIFICATE-----"}, "ca_certificates_invalid"),
}


@pytest.mark.parametrize(("columns", "code"), BROKEN.values(), ids=BROKEN)
def test_test_stops_at_the_step_that_fails_and_says_what_to_do(browser, servers, columns, code):
    AuthorizationServer.objects.filter(key="generic").update(**columns)
    server = AuthorizationServer.objects.get(key="generic")
    steps = found(server)
    assert (server.connection_state, server.connection_error_code) in {
        ("failed", code),
        ("failed", "name_lookup_failed"),
    }
    assert steps["client"] == (OFF, "")
    text = shown(browser, server)
    assert "check is-act" in text
    assert "Not tested" in text


def test_issuer_that_differs_by_a_slash_is_told(browser, servers):
    server = servers["generic"]
    AuthorizationServer.objects.filter(pk=server.pk).update(issuer=f"{server.issuer}/")
    server.refresh_from_db()
    diagnosis.run(server)
    assert "Copy the issuer exactly" in shown(browser, server)


def test_device_step_asks_for_a_code_only_where_one_is_offered(servers):
    assert "device" not in found(servers["microsoft"])
    server = servers["google"]
    server.offers_device_code = True
    server.save()
    assert found(server)["device"] == (FAILED, "device_flow_unavailable")
    server = servers["microsoft"]
    server.offers_device_code = True
    server.save()
    assert found(server)["device"][0] == WORKS


def shown(browser, server: AuthorizationServer) -> str:
    address = reverse("oauthservers:server_checks", args=[server.public_id])
    return browser.get(address).content.decode()
