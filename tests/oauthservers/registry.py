"""What an administrator's browser sends to the registry, and files to upload there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from groupware.users.models import User
from oauthservers.models import AuthorizationServer

CANARY = "canary-7f3b-client-secret"
EXPIRES = "2031-04-30"
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "groupware")])


def form(kind="generic", **changes):
    """A form that is right, for a server of ``kind``; None leaves a field out."""
    values = {
        "name": "Laboratory",
        "key": "",
        "is_enabled": "on",
        "access": "delegated",
        "client_id": "client",
        "client_secret": CANARY,
        "verify_certificate": "on",
        "verify_name": "on",
    }
    if kind == "generic":
        values |= {
            "issuer": "https://id.lab.example",
            "client_authentication": "client_secret_post",
        }
    if kind == "microsoft":
        endpoint = "https://login.example/contoso.example/oauth2/v2.0"
        values |= {"endpoint": endpoint, "client_secret_expires_on": EXPIRES}
    return {name: value for name, value in (values | changes).items() if value is not None}


def add(browser, preset="generic", kind="", **changes):
    """Add a server from a preset; the answer."""
    kind = kind or preset.partition("-")[0]
    return browser.post(reverse("oauthservers:add_server", args=[preset]), form(kind, **changes))


def edit_address(server):
    return reverse("oauthservers:edit_server", args=[server.public_id])


def opened(browser, server):
    """The fields of the edit page as a browser would send them back unchanged."""
    shown = browser.get(edit_address(server)).context["form"]
    values = {}
    for field in shown:
        value = field.value()
        if value is True:
            values[field.html_name] = "on"
        elif value not in (None, False, ""):
            values[field.html_name] = str(value)
    return values


def page(browser, server):
    """The settings page."""
    return browser.get(reverse("oauthservers:server", args=[server.public_id])).content.decode()


def file(text, name="file.pem"):
    return SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())


def private_key(bits=2048):
    return rsa.generate_private_key(65537, bits)


def pem_of(key, password=b""):
    protection = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
    ).decode()


def certificate_of(key, days=365):
    """A certificate that signs itself and is good for ``days`` from now (negative: no longer)."""
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=800))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def service_account(key, **changes):
    """The JSON key of a service account; None leaves a field out."""
    values = {
        "type": "service_account",
        "client_email": "mail@project.iam.gserviceaccount.com",
        "client_id": "115500000000000000000",
        "private_key": pem_of(key),
        "private_key_id": "a1b2",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return json.dumps({k: v for k, v in (values | changes).items() if v is not None})


def signed_in(name):
    """A browser in which a new system administrator is signed in."""
    client = Client()
    client.force_login(User.objects.create_user(name, is_system_administrator=True))
    return client


def only_server():
    return AuthorizationServer.objects.get()


def change(browser, values=None, **changes):
    """Send the edit form of the only server; None leaves a field out."""
    server = only_server()
    values = (values or opened(browser, server)) | changes
    values = {name: value for name, value in values.items() if value is not None}
    return browser.post(edit_address(server), values)
