"""What a test of an authorization server found, and its words.

A finding holds facts and codes only, so that it can be kept on the server's row and be read later by somebody else in
another language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.sentences import joined
from oauthservers.error_messages import advise

LABELS: dict[str, Any] = {
    "name": gettext_lazy("Name of the server"),
    "connection": gettext_lazy("Connection"),
    "certificate": gettext_lazy("Certificate chain"),
    "server_name": gettext_lazy("Name in the certificate"),
    "metadata": gettext_lazy("Metadata"),
    "keys": gettext_lazy("Keys"),
    "client": gettext_lazy("Client ID and client secret"),
    "device": gettext_lazy("Code for another device"),
    "application": gettext_lazy("Token for application access"),
    "imap": gettext_lazy("Sign-in at the mail server (IMAP)"),
    "pop3": gettext_lazy("Sign-in at the mail server (POP3)"),
    "smtp": gettext_lazy("Sign-in at the mail server (SMTP)"),
}
WORKS, TROUBLE, FAILED, RUNNING, NOT_TESTED = "active", "trouble", "act", "waiting", "off"

#: What a step that did not fail has to say besides "Works".
_NOTES: dict[str, Any] = {
    "not_verified": gettext_lazy("Not verified: verification is switched off."),
    "not_compared": gettext_lazy("Not compared: the check of the name is switched off."),
    "by_name": gettext_lazy("Accepted by the names in the certificate (subjectAltName)."),
    "by_common_name": gettext_lazy(
        "Accepted by the common name (CN), because the certificate has no other names."
    ),
    "ends_soon": gettext_lazy("Valid, but it ends within two weeks."),
    "endpoints_typed": gettext_lazy("The endpoints were typed in; nothing is asked."),
    "no_keys_needed": gettext_lazy(
        "None are needed: the identity comes from the userinfo endpoint."
    ),
    "client_accepted": gettext_lazy("Accepted. An invented token was refused, as it should be."),
    "client_unclear": gettext_lazy(
        "The answer says nothing about the client secret. The first authorization proves it."
    ),
    "client_by_application": gettext_lazy("The token for application access proves it below."),
    "client_by_second": gettext_lazy(
        "The first one is refused and the second one is accepted. Mailboxes go on; put a new one into the first place."
    ),
    "not_without_mailbox": gettext_lazy(
        "Google gives such a token for one mailbox. Enter one below."
    ),
    "not_linked": gettext_lazy("No mail server is linked to this authorization server yet."),
}

_REMEDIES: dict[str, Any] = {
    "name_not_found": gettext_lazy(
        "Check the address for typing errors, and that this machine can resolve names."
    ),
    "unreachable": gettext_lazy(
        "Check that a firewall lets this machine reach the server and its port."
    ),
    "timeout": gettext_lazy(
        "Check that a firewall lets this machine reach the server and its port."
    ),
    "address_refused": gettext_lazy(
        "For a server inside your own network, the operator names the network in OUTBOUND_ALLOWED_NETWORKS."
    ),
    "tls_failed": gettext_lazy(
        "If the server's certificate comes from your own authority, add its CA certificate below."
    ),
    "tls_unknown_authority": gettext_lazy(
        "If the server's certificate comes from your own authority, add its CA certificate below."
    ),
    "tls_self_signed": gettext_lazy(
        "If this is your own server, add its certificate below as a CA certificate."
    ),
    "tls_expired": gettext_lazy("Whoever runs the server must renew its certificate."),
    "tls_not_yet_valid": gettext_lazy(
        "Compare the clock of this machine with the right time; the preconditions show the difference."
    ),
    "tls_name_mismatch": gettext_lazy(
        "Write the address with a name that stands in the certificate. If the certificate has a common name only, "
        "tick “Add CN to the verification items”."
    ),
    "metadata_missing": gettext_lazy("Check the address, or type the endpoints in."),
    "issuer_mismatch": gettext_lazy(
        "Copy the issuer exactly as the server writes it, with or without the last slash."
    ),
    "client_secret_wrong": gettext_lazy(
        "Copy the value of the client secret once more. Its ID looks similar and is not it."
    ),
    "client_secret_expired": gettext_lazy(
        "Make a new client secret at the server and enter it below; the old one may stay as the second."
    ),
    "invalid_client": gettext_lazy("Compare the client ID and the client secret with the server."),
    "device_flow_unavailable": gettext_lazy(
        "Type the device authorization endpoint in, or stop offering a code for another device."
    ),
}
_HEADLINES: dict[str, Any] = {
    "device_flow_unavailable": gettext_lazy(
        "The server gives no codes for another device, or its address for that is not known."
    ),
}


@dataclass(frozen=True)
class Finding:
    """One step: ``state`` as the check list draws it, ``code`` what was found, ``detail`` untranslated facts."""

    step: str
    state: str
    code: str = ""
    detail: str = ""
    milliseconds: int = 0

    def stored(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Check:
    """One step as the check list draws it."""

    name: str
    state: str
    word: str
    remedy: str = ""
    detail: str = ""
    duration: str = ""


#: Explains codes of steps that other apps added: code → sentence and remedy, or None for a code it does not know.
Explain = Callable[[str, str], str | None]
_explanations: list[Explain] = []


def explain_with(explain: Explain) -> None:
    """Let ``explain(step, code)`` find words for codes of steps of its own."""
    if explain not in _explanations:
        _explanations.append(explain)


def shown(
    stored: Iterable[dict[str, Any]], server: str, awaited: Iterable[str] = ()
) -> list[Check]:
    """The check list in the reader's language; ``awaited`` are steps of a test that still runs."""
    known = [_check(Finding(**row), server) for row in stored]
    waiting = [Check(str(LABELS[step]), RUNNING, _("Being tested")) for step in awaited]
    return known + waiting


def _check(finding: Finding, server: str) -> Check:
    words = {
        WORKS: _("Works"),
        TROUBLE: _("Works for now"),
        FAILED: _("Failed"),
        NOT_TESTED: _("Not tested"),
    }
    took = ""
    if finding.milliseconds:
        took = _("%(milliseconds)d ms") % {"milliseconds": finding.milliseconds}
    return Check(
        name=str(LABELS[finding.step]),
        state=finding.state,
        word=str(words.get(finding.state, "")),
        remedy=explanation(finding, server),
        detail=finding.detail,
        duration=took,
    )


def explanation(finding: Finding, server: str) -> str:
    """What was found in a sentence and, after a failure, what an administrator does about it."""
    if not finding.code:
        return ""
    if finding.state != FAILED:
        return str(_NOTES.get(finding.code, ""))
    for explain in _explanations:
        if words := explain(finding.step, finding.code):
            return words
    advice = advise(finding.code, server=server)
    headline = _HEADLINES.get(finding.code) or advice.headline
    remedy = _REMEDIES.get(finding.code) or " ".join(advice.steps)
    return joined(headline, remedy)
