"""The rows that a work needs: a person with an account on the sandbox's servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.factories.webmail import MailAccountFactory, MailServerFactory
from webmail.models import MailAccount, MailServer
from webmail.models.server import Security

_PORTS = {"imap": "imaps", "pop3": "pop3s", "smtp": "submissions"}


def make_account(facts: dict[str, Any], protocol: str = "imap") -> MailAccount:
    """An account that receives by ``protocol`` and sends, both over TLS from the start."""
    return MailAccountFactory(
        address=facts["address"],
        incoming_server=_server(facts, protocol),
        outgoing_server=_server(facts, "smtp"),
        receive_username=facts["username"],
        receive_password=facts["password"],
    )


def _server(facts: dict[str, Any], protocol: str) -> MailServer:
    return MailServerFactory(
        protocol=protocol,
        host="localhost",
        port=facts["ports"][_PORTS[protocol]],
        security=Security.TLS,
        ca_certificates=Path(facts["ca_file"]).read_text(),
    )
