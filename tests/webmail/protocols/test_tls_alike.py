"""The two boxes mean the same for HTTPS, IMAP, POP3 and SMTP: one table, every protocol, real listeners."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from groupware import outbound
from tests.oauthservers.tls_listeners import AUTHORITY, CERTIFICATES, listening
from tests.webmail.protocols.lab import PASSWORD_CREDENTIALS
from tests.webmail.protocols.scripted import Peer, serving
from tests.webmail.protocols.test_tls import Authority, server_context
from webmail.protocols.errors import MailServerError, TlsError
from webmail.protocols.imap import ImapSession
from webmail.protocols.pop3 import Pop3Session
from webmail.protocols.smtp import SmtpSession
from webmail.protocols.types import Security, TlsOptions

#: verify the certificate, verify the name, add the CN
BOXES = {
    "nothing": (False, False, False),
    "name without certificate": (False, True, False),
    "certificate": (True, False, False),
    "certificate and name": (True, True, False),
    "certificate, name and CN": (True, True, True),
}
#: Certificate → who is accepted under the boxes, in their order.
ACCEPTED = {
    "name": (True, True, True, True, True),
    "common name only": (True, True, True, False, True),
    "another name": (True, True, True, False, False),
    "unknown authority": (True, True, False, False, False),
    "expired": (True, True, False, False, False),
}


def https(folder: Path, certificate: str, boxes: tuple[bool, bool, bool]) -> bool:
    with listening(folder, certificate) as service:
        session = outbound.http_session(*boxes, ca_pem=AUTHORITY.pem)
        try:
            return session.get(f"{service.url}/keys").ok
        except requests.exceptions.SSLError:
            return False


Script = Callable[[Peer, ssl.SSLContext], None]


def at_once(peer: Peer, context: ssl.SSLContext) -> None:
    peer.start_tls(context)


def imap_later(peer: Peer, context: ssl.SSLContext) -> None:
    peer.send("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready")
    while True:
        tag, _, command = peer.line().partition(" ")
        if command.startswith("CAPABILITY"):
            peer.send("* CAPABILITY IMAP4rev1 STARTTLS")
        peer.send(f"{tag} OK done")
        if command.startswith("STARTTLS"):
            return peer.start_tls(context)


def pop3_later(peer: Peer, context: ssl.SSLContext) -> None:
    peer.send("+OK ready")
    while True:
        is_last = peer.line().startswith("STLS")
        peer.send(*(["+OK go"] if is_last else ["+OK", "STLS", "."]))
        if is_last:
            return peer.start_tls(context)


def smtp_later(peer: Peer, context: ssl.SSLContext) -> None:
    peer.send("220 ready")
    while True:
        is_last = peer.line().startswith("STARTTLS")
        peer.send(*(["220 go"] if is_last else ["250-house", "250 STARTTLS"]))
        if is_last:
            return peer.start_tls(context)


MAIL = {
    "IMAP, TLS": (ImapSession, Security.TLS, at_once),
    "IMAP, STARTTLS": (ImapSession, Security.STARTTLS, imap_later),
    "POP3, TLS": (Pop3Session, Security.TLS, at_once),
    "POP3, STARTTLS": (Pop3Session, Security.STARTTLS, pop3_later),
    "SMTP, TLS": (SmtpSession, Security.TLS, at_once),
    "SMTP, STARTTLS": (SmtpSession, Security.STARTTLS, smtp_later),
}


def mail(name: str, folder: Path, certificate: str, boxes: tuple[bool, bool, bool]) -> bool:
    """Whether the session speaks after the handshake: the server hears something inside TLS, or nothing."""
    session, security, script = MAIL[name]
    issued = CERTIFICATES[certificate]
    context = server_context(folder, Authority(issued.key, issued.certificate))

    def play(peer: Peer) -> None:
        script(peer, context)
        # Nothing sensible is answered: what counts is whether the client went on behind the handshake.
        peer.send("* BYE", "-ERR", "421 closing")

    with serving(play) as server:
        options = TlsOptions(*boxes, ca_pem=AUTHORITY.pem)
        endpoint = server.endpoint(security=security, tls=options)
        try:
            session.open(endpoint, PASSWORD_CREDENTIALS).close()
        except TlsError as refusal:
            assert refusal.code.startswith("tls_")
            assert not refusal.code.startswith("tls_starttls")
            return False
        except MailServerError:
            return True
        return True


@pytest.mark.parametrize("boxes", BOXES)
@pytest.mark.parametrize("certificate", ACCEPTED)
@pytest.mark.parametrize("protocol", ["HTTPS", *MAIL])
def test_boxes_hold_for_every_protocol_alike(
    tmp_path: Path, protocol: str, certificate: str, boxes: str
) -> None:
    expected = ACCEPTED[certificate][list(BOXES).index(boxes)]
    if protocol == "HTTPS":
        assert https(tmp_path, certificate, BOXES[boxes]) is expected
    else:
        assert mail(protocol, tmp_path, certificate, BOXES[boxes]) is expected
