"""What the settings page of a server shows: facts, states and warnings, never a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oauthservers import approval, expiry
from oauthservers.error_messages import advise
from oauthservers.flows.authorization_code import loopback_of
from oauthservers.manage.usage import usage_of
from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import PURPOSES, preset_of

Kind = AuthorizationServer.Kind
Access = AuthorizationServer.Access
_STATES = {
    expiry.State.VALID: "active",
    expiry.State.WARNING: "trouble",
    expiry.State.ACT: "act",
    expiry.State.EXPIRED: "act",
}
_LABELS = {
    "client_secret": gettext_lazy("Client secret"),
    "fallback_client_secret": gettext_lazy("Second client secret"),
    "client_certificate": gettext_lazy("Client certificate"),
    "service_account_key": gettext_lazy("Service account key"),
}


@dataclass(frozen=True)
class Credential:
    """One proof of who we are: that it is there, and until when. ``state`` as in ``components/status.html``."""

    key: str
    label: str
    state: str
    word: str
    expires_on: date | None = None

    @property
    def is_warning(self) -> bool:
        """Whether an administrator should read it without being asked."""
        return self.state in {"trouble", "act"}


def credentials_of(server: AuthorizationServer) -> list[Credential]:
    """The proofs that are stored, in the order in which they are tried."""
    ends = {item.what: item for item in expiry.expiries(server)}
    found = []
    for name in (
        "client_certificate",
        "client_secret",
        "fallback_client_secret",
        "service_account_key",
    ):
        if server.__dict__.get(name):
            found.append(_credential(server, name, ends.get(name)))
    return found


def _credential(server: AuthorizationServer, name: str, end: expiry.Expiry | None) -> Credential:
    label = str(_LABELS[name])
    if end is not None:
        return Credential(name, label, _STATES[end.state], _until(end), end.expires_on)
    if server.provider == Kind.MICROSOFT and name != "service_account_key":
        return Credential(name, label, "trouble", _("Expiry date not known"))
    return Credential(name, label, "active", _("Stored"))


def _until(end: expiry.Expiry) -> str:
    if end.days_left < 0:
        return _("Expired")
    if end.days_left == 0:
        return _("Expires today")
    if end.state == expiry.State.VALID:
        return _("Valid")
    return ngettext("Expires in %(count)d day", "Expires in %(count)d days", end.days_left) % {
        "count": end.days_left
    }


def credential_warnings(server: AuthorizationServer) -> list[Credential]:
    """Those of the proofs that somebody should see to."""
    return [credential for credential in credentials_of(server) if credential.is_warning]


@dataclass(frozen=True)
class Remark:
    """A banner: what is wrong, what still works, whose turn it is. ``details`` are folded."""

    state: str
    icon: str
    title: str
    text: str
    details: str = ""


def remarks_of(server: AuthorizationServer) -> list[Remark]:
    """What must be read before anything else, the worst first."""
    found = []
    if server.fault_code:
        advice = advise(server.fault_code, server=server.name)
        found.append(
            Remark("act", "circle-alert", advice.headline, advice.still_works, server.fault_detail)
        )
    if not server.verify_certificate:
        found.append(
            Remark(
                "act",
                "shield-alert",
                _("The certificate of this server is not verified."),
                _("Client secret and tokens could be read by somebody in between."),
            )
        )
    if server.outage_since:
        advice = advise(server.outage_code or "unreachable", server=server.name)
        text = _("It is asked again by itself; nobody has to sign in again.")
        found.append(Remark("trouble", "triangle-alert", advice.headline, text, server.outage_code))
    if not server.is_enabled:
        text = _(
            "No mailbox can be authorized and no access is renewed. Connections are kept and go on when it is switched on."
        )
        found.append(Remark("off", "info", _("This server is switched off."), text))
    if server.publishing == AuthorizationServer.Publishing.TESTING:
        text = _(
            "Google ends every permission after seven days while the consent screen is in testing. Set it to “In production” or “Internal”."
        )
        found.append(Remark("trouble", "timer", _("The consent screen is in testing."), text))
    return found + [_expiring(item) for item in credential_warnings(server)]


def _expiring(credential: Credential) -> Remark:
    title = _("%(credential)s: %(state)s") % {
        "credential": credential.label,
        "state": credential.word,
    }
    if credential.expires_on is None:
        text = _(
            "Nobody can be warned before it ends. Enter the date that the server shows beside it."
        )
    else:
        text = _(
            "When it has ended, all mailboxes of this server stop at once. Make a new one at the server and enter it here."
        )
    return Remark(credential.state, "key-round", title, text)


def context(server: AuthorizationServer) -> dict[str, Any]:
    """Everything the template draws."""
    preset = preset_of(server.preset_key, server.provider)
    known = server.preset
    names = ("endpoint", "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint")
    names += ("jwks_uri", "revocation_endpoint", "device_authorization_endpoint")
    if server.provider == Kind.MICROSOFT:
        names = ("endpoint",)
    addresses = [
        (server._meta.get_field(name).verbose_name, getattr(server, name) or getattr(known, name))
        for name in names
    ]
    return {
        "server": server,
        "preset": preset,
        "remarks": remarks_of(server),
        "credentials": credentials_of(server),
        "has_second": bool(server.__dict__.get("fallback_client_secret")),
        "flows": _flows(server),
        "addresses": [(label, value) for label, value in addresses if value],
        "scopes": _scopes(server),
        "usage": usage_of(server),
        "approval_link": _approval_link(server),
        "loopback_uri": loopback_of(server) if server.offers_pasted_code else "",
    }


def _approval_link(server: AuthorizationServer) -> str:
    """Where an administrator approves for everybody; application access is approved in the console."""
    if server.access == Access.APPLICATION:
        return ""
    return approval.of(server, PURPOSES[:3]).link


def _flows(server: AuthorizationServer) -> list[str]:
    if server.access == Access.APPLICATION:
        return [_("None; the server opens the mailboxes itself")]
    offered = [_("Sign-in in this browser")]
    if server.offers_device_code:
        offered.append(_("Sign-in on another device"))
    if server.offers_pasted_code:
        offered.append(_("Sign-in with a pasted code"))
    return offered


def _scopes(server: AuthorizationServer) -> list[tuple[str, str]]:
    """Purpose and the scopes that are really asked for."""
    if server.access == Access.APPLICATION:
        return [(_("All mailboxes"), " ".join(server.application_scopes))]
    words = {"imap": "IMAP", "pop3": "POP3", "smtp": "SMTP", "identity": _("Who signed in")}
    identity = set(server.scopes_for([]))
    rows = []
    for purpose in PURPOSES:
        asked = (
            server.scopes_for([])
            if purpose == "identity"
            else [scope for scope in server.scopes_for([purpose]) if scope not in identity]
        )
        rows.append((words[purpose], " ".join(asked)))
    return rows
