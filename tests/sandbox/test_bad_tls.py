"""Listeners whose certificates are bad in one way each, and good in every other."""

from __future__ import annotations

import imaplib
import socket
import ssl

import pytest
import requests

from tests.sandbox.attempts import OLGA
from tests.sandbox.test_mail_servers import xoauth2

WORDS = {
    "wrong_name": "Hostname mismatch",
    "unknown_ca": "self-signed certificate in certificate chain",
    "expired": "certificate has expired",
    "common_name": "Hostname mismatch",
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_bad_certificate_is_refused_for_its_one_reason(sandbox, kind):
    bad = sandbox.bad_tls[kind]
    tls = ssl.create_default_context(cafile=str(sandbox.ca_file))
    tls.hostname_checks_common_name = False
    for port in (bad.https_port, bad.imaps_port):
        with (
            socket.create_connection((bad.host, port), 20) as plain,
            pytest.raises(ssl.SSLCertVerificationError, match=WORDS[kind]),
        ):
            tls.wrap_socket(plain, server_hostname=bad.host)


def test_the_common_name_is_enough_for_who_looks_at_it(sandbox):
    bad = sandbox.bad_tls["common_name"]
    tls = ssl.create_default_context(cafile=str(sandbox.ca_file))
    tls.hostname_checks_common_name = True
    with socket.create_connection((bad.host, bad.imaps_port), 20) as plain:
        encrypted = tls.wrap_socket(plain, server_hostname=bad.host)
        assert encrypted.recv(4) == b"* OK"


def test_who_knows_the_authority_gets_on(sandbox):
    bad = sandbox.bad_tls["unknown_ca"]
    session = requests.Session()
    session.trust_env, session.verify = False, str(bad.ca_file)
    address = f"{bad.issuer}/.well-known/openid-configuration"
    assert session.get(address, timeout=20).json()["issuer"] == bad.issuer


@pytest.mark.parametrize("kind", ["wrong_name", "common_name"])
def test_behind_the_certificate_is_the_real_server(sandbox, kind):
    bad = sandbox.bad_tls[kind]
    context = ssl.create_default_context(cafile=str(bad.ca_file))
    context.check_hostname = False
    with imaplib.IMAP4_SSL(bad.host, bad.imaps_port, ssl_context=context, timeout=20) as client:
        token = sandbox.generic.issue(OLGA).access_token
        answers = iter([xoauth2(OLGA, token), b""])
        client.authenticate("XOAUTH2", lambda _: next(answers))
        assert client.select("INBOX")[0] == "OK"
