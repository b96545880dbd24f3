"""The sandbox describes itself in provisioning files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.sandbox.authorization.microsoft import MicrosoftRealm
from tests.sandbox.authorization.realm import Realm
from tests.sandbox.people import CONTOSO_TENANT, PEOPLE, UNITS, Person

_NAMES = {
    "microsoft": "Contoso (Microsoft-shaped)",
    "google": "example.jp (Google-shaped)",
    "generic": "lab.example (OpenID)",
}
# Which of the two ports a group of mailboxes uses, so that both ways are seen.
Place = tuple[str, str, str, tuple[str, str, str]]
_PLACES: tuple[Place, ...] = (
    ("contoso", "Contoso", "microsoft", ("imaps", "pop3s", "submission")),
    ("example-jp", "example.jp", "google", ("imaps", "pop3s", "submissions")),
    ("lab", "lab.example", "generic", ("imap", "pop3", "submission")),
    ("atelier", "atelier.example", "", ("imap", "pop3s", "submissions")),
)
_APPLICATION_PLACES: tuple[Place, ...] = (
    (
        "contoso-application",
        "Contoso, application access,",
        "microsoft-application",
        ("exchange_imaps", "exchange_pop3s", "exchange_submission"),
    ),
    (
        "example-jp-application",
        "example.jp, service account,",
        "google-application",
        ("imaps", "pop3s", "submissions"),
    ),
)
_PROTOCOLS = ("imap", "pop3", "smtp")
_PLACE_OF = {"microsoft": "contoso", "google": "example-jp", "generic": "lab", "": "atelier"}
CLIENT_CERTIFICATE, SERVICE_ACCOUNT = "microsoft-client", "google-service-account.json"
"""Files in the data folder: a certificate with its key (.pem, .key), and a key file."""
_WITH_ACCOUNT = ("alice", "haruka", "olga", "pierre")
"""Mailboxes that are set up already; the others are for whoever tries the forms."""


def write_provisioning(
    data: Path, realms: dict[str, Realm], ports: dict[str, int], ca_file: Path
) -> Path:
    """Writes `provisioning.toml` into the data folder; only its owner may read it."""
    ca_name = os.path.relpath(ca_file, data)
    tables = [
        *(("authorization_server", _authorization_server(r, ca_name)) for r in realms.values()),
        *(("mail_server", table) for table in _mail_servers(ports, ca_name, _PLACES)),
        *(("unit", _unit(*unit)) for unit in UNITS),
        *(("user", _user(person)) for person in PEOPLE),
        *(("mail_account", _account(p)) for p in PEOPLE if p.username in _WITH_ACCOUNT),
    ]
    return _write(data / "provisioning.toml", tables)


def write_application_access(
    data: Path, realms: dict[str, Realm], ports: dict[str, int], ca_file: Path
) -> Path:
    """Writes `application.toml`, to be applied after the other: servers that open mailboxes without
    a person, once by a certificate and once by a service account."""
    ca_name = os.path.relpath(ca_file, data)
    microsoft, google = realms["microsoft"], realms["google"]
    shared = {"access": "application", "ca_file": ca_name}
    servers = [
        {
            "key": "microsoft-application",
            "name": "Contoso, application access",
            "provider": "microsoft",
            "client_id": microsoft.client.client_id,
            "client_certificate_file": f"{CLIENT_CERTIFICATE}.pem",
            "client_private_key_file": f"{CLIENT_CERTIFICATE}.key",
            "endpoint": f"{microsoft.base_url}/{CONTOSO_TENANT}/oauth2/v2.0",
            **shared,
        },
        {
            "key": "google-application",
            "name": "example.jp, service account",
            "provider": "google",
            "issuer": google.base_url,
            "service_account_key_file": SERVICE_ACCOUNT,
            **shared,
        },
    ]
    mail_servers = _mail_servers(ports, ca_name, _APPLICATION_PLACES)
    tables = [
        *(("authorization_server", table) for table in servers),
        *(("mail_server", table) for table in mail_servers),
    ]
    return _write(data / "application.toml", tables)


def _write(path: Path, tables: list[tuple[str, dict[str, Any]]]) -> Path:
    path.touch(mode=0o600)
    path.write_text("\n".join(_table(name, values) for name, values in tables))
    return path


def _authorization_server(realm: Realm, ca_file: str) -> dict[str, Any]:
    table = {
        "key": realm.key,
        "name": _NAMES[realm.key],
        "provider": realm.key,
        "client_id": realm.client.client_id,
        "client_secret": realm.client.client_secret,
        "ca_file": ca_file,
    }
    # So that every way of authorizing is met: a redirect everywhere, a code for another device
    # at two of them, a code to paste at the third.
    table["offers_pasted_code" if realm.key == "google" else "offers_device_code"] = True
    if isinstance(realm, MicrosoftRealm):
        return table | {"endpoint": f"{realm.base_url}/common/oauth2/v2.0"}
    table["issuer"] = realm.base_url
    if realm.key == "generic":
        for protocol in _PROTOCOLS:
            table[f"scopes_{protocol}"] = [f"mail:{protocol}", "offline_access"]
        table["scopes_identity"] = ["openid", "profile", "email"]
    return table


def _mail_servers(
    ports: dict[str, int], ca_file: str, places: tuple[Place, ...]
) -> list[dict[str, Any]]:
    tables = []
    for key, name, realm, listeners in places:
        for protocol, listener in zip(_PROTOCOLS, listeners, strict=True):
            table = {
                "key": f"{key}-{protocol}",
                "name": f"{name} {protocol.upper()}",
                "protocol": protocol,
                "host": "localhost",
                "port": ports[listener],
                "security": "tls" if listener.endswith("s") else "starttls",
                "ca_file": ca_file,
            }
            if realm:
                table["authorization_server"] = realm
            tables.append(table)
    return tables


def _unit(key: str, name: str, parent: str) -> dict[str, Any]:
    return {"key": key, "name": name} | ({"parent": parent} if parent else {})


def _user(person: Person) -> dict[str, Any]:
    table: dict[str, Any] = {
        "username": person.username,
        "email": person.sign_in_email,
        "display_name": person.display_name,
        "password": person.password,
        "units": [person.unit],
        "language": person.language,
    }
    if person.system_administrator:
        table["system_administrator"] = True
    if person.function_administrator_of:
        table["function_administrator_of"] = list(person.function_administrator_of)
    return table


def _account(person: Person) -> dict[str, Any]:
    place = _PLACE_OF[person.signs_in_at]
    incoming = "imap" if person.signs_in_at else "pop3"
    table = {
        "owner": person.username,
        "address": person.address,
        "name": person.address,
        "display_name": person.display_name,
        "incoming_server": f"{place}-{incoming}",
        "outgoing_server": f"{place}-smtp",
        "receive_authentication": "oauth2" if person.signs_in_at else "password",
        "receive_username": person.address,
        "send_authentication": "same_as_receiving",
    }
    return table if person.signs_in_at else table | {"receive_password": person.password}


def _table(name: str, values: dict[str, Any]) -> str:
    lines = [f"[[{name}]]"]
    # A JSON string, number, boolean or list of strings is the same thing in TOML.
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"
