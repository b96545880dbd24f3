"""Saving a server's form: only what was changed, told in the audit log, and never over somebody else's change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from groupware.audit.changes import changes, snapshot
from groupware.audit.models import AuditEvent
from groupware.audit.record import record
from oauthservers.manage.credential_fields import SECRETS
from oauthservers.manage.forms import TYPED, ServerForm
from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import Preset

#: Columns that hold no secret; their values stand in the audit log.
AUDITED = (*ServerForm.Meta.fields, "client_certificate_expires_on")
#: A change of one of these makes an earlier test of the connection worthless.
_TESTED = {"endpoint", "issuer", *TYPED, "verify_certificate", "verify_name", "allow_common_name"}
_TESTED |= {"ca_certificates", "client_id", "access", *SECRETS, "client_certificate"}
_VERSION = "version"


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else changed meanwhile; ``is_ours``: it was changed here as well."""

    label: str
    theirs: str
    is_ours: bool


class ServerEditForm(ServerForm):
    """The form of a registered server; it knows what the server was like when the page was opened."""

    version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, preset: Preset, **kwargs: Any) -> None:
        super().__init__(*args, preset=preset, **kwargs)
        self.fields[_VERSION] = type(self).base_fields[_VERSION]
        self.now = {name: _digest(self.initial.get(name)) for name in self.Meta.fields}
        self.initial[_VERSION] = json.dumps(self.now)

    def conflicts(self) -> list[Conflict]:
        """What somebody else changed since the page was opened. Empty when nothing was."""
        seen = _read(self.data.get(_VERSION, ""))
        found = []
        for name, digest in self.now.items():
            if name in self.fields and name in seen and seen[name] != digest:
                is_ours = _digest(self.cleaned_data.get(name)) not in {seen[name], digest}
                theirs = self._words(name, self.initial.get(name))
                found.append(Conflict(str(self.fields[name].label), theirs, is_ours))
        return found

    def _words(self, name: str, value: Any) -> str:
        """A value as the page shows it."""
        if isinstance(value, bool):
            return _("on") if value else _("off")
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value) or "–")

    def merged(self, server: AuthorizationServer) -> ServerEditForm:
        """The same form with their changes in all fields that were not changed here; ours stay as typed.

        ``server`` is the row as it is stored.
        """
        seen = _read(self.data.get(_VERSION, ""))
        data: QueryDict = self.data.copy()
        for name in self.now:
            if name not in self.fields or _digest(self.cleaned_data.get(name)) != seen.get(name):
                continue
            value = self.initial.get(name)
            data.pop(name, None)
            if value is not False and value is not None:
                data[name] = "on" if value is True else str(value)
        data[_VERSION] = json.dumps(self.now)
        return ServerEditForm(data, instance=server, preset=self.preset)


def save(form: ServerForm) -> AuthorizationServer:
    """Write what the form changed and record it; the form is valid.

    Column by column: tokens, faults and endpoints that were discovered meanwhile stay what they are.
    """
    server = form.instance
    is_new = server._state.adding
    names = [name for name in form.Meta.fields if name in form.fields]
    before = {} if is_new else {name: form.initial.get(name) for name in names}
    before = {name: _shown(value) for name, value in before.items()}
    expiry = server.client_certificate_expires_on
    written = form.take_credentials()
    after = snapshot(server, [name for name in AUDITED if name in names])
    changed = [name for name in names if is_new or before[name] != after[name]]
    if not is_new and "issuer" in changed:
        changed += _forget_discovered(server, changed)
        after = snapshot(server, [name for name in AUDITED if name in {*names, *changed}])
    if is_new:
        server.save()
    elif changed or written:
        server.save(update_fields={*changed, *written, "updated_at"})
    secrets = sorted({*written} - {"client_secret_set_at", "client_certificate_expires_on"})
    if "client_certificate_expires_on" in written:
        before["client_certificate_expires_on"] = _shown(expiry)
        after["client_certificate_expires_on"] = _shown(server.client_certificate_expires_on)
    _settle(server, {*changed, *written}, is_new)
    details = changes(before, after, secrets)
    if is_new:
        record(
            "oauthservers.server.added",
            target=server,
            details={"preset": server.preset_key, **_given(details)},
        )
    elif details:
        record("oauthservers.server.changed", target=server, details=details)
    return server


def _given(details: Mapping[str, Any]) -> dict[str, Any]:
    """Of a new server only what was filled in."""
    filled = {
        name: pair
        for name, pair in details.get("changes", {}).items()
        if pair not in ([None, ""], [None, None], [None, False])
    }
    return {"changes": filled}


def _forget_discovered(server: AuthorizationServer, changed: list[str]) -> list[str]:
    """A new issuer describes its own endpoints; those that were typed in together with it stay."""
    dropped = [name for name in TYPED if name not in changed]
    for name in dropped:
        setattr(server, name, "")
    server.requires_issuer_in_response = False
    return [*dropped, "requires_issuer_in_response"]


def _settle(server: AuthorizationServer, changed: set[str], is_new: bool) -> None:
    """What was known of the registration as it was before is known no longer."""
    server.clear_fault()
    if not is_new and changed & _TESTED:
        AuthorizationServer.objects.filter(pk=server.pk).update(
            connection_state=AuthorizationServer.Connection.NOT_TESTED,
            connection_error_code="",
            outage_probe_at=timezone.now(),  # who waits for an outage to end asks at once
        )


def last_change(server: AuthorizationServer) -> AuditEvent | None:
    """Who changed the server last, for whoever comes second."""
    return AuditEvent.objects.filter(
        target_type=server._meta.label_lower,
        target_id=str(server.public_id),
        name__in=("oauthservers.server.changed", "oauthservers.server.switched"),
    ).first()


def _shown(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else value.isoformat()


def _digest(value: Any) -> str:
    """Short, for a hidden field; an empty text and nothing at all are the same."""
    return hashlib.sha256(str(_shown(value) or "").replace("\r\n", "\n").encode()).hexdigest()[:16]


def _read(version: str) -> dict[str, str]:
    try:
        found = json.loads(version)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def change_secrets(server: AuthorizationServer, act: str) -> str:
    """``promote`` the second secret, or ``remove`` it; the sentence that says so, empty when there is none."""
    if not server.fallback_client_secret or act not in {"promote", "remove"}:
        return ""
    first, first_ends = server.client_secret, server.client_secret_expires_on
    second, second_ends = server.fallback_client_secret, server.fallback_client_secret_expires_on
    dates = tuple(f"{name}_expires_on" for name in SECRETS)
    before = snapshot(server, dates)
    if act == "promote":
        server.set_client_secret(second)
        server.client_secret_expires_on = second_ends
        server.fallback_client_secret, server.fallback_client_secret_expires_on = first, first_ends
        done = _("The second secret is the first now; the other one is kept as the second.")
    else:
        server.fallback_client_secret, server.fallback_client_secret_expires_on = "", None
        done = _("The second secret is removed.")
    server.save(update_fields=[*SECRETS, *dates, "client_secret_set_at", "updated_at"])
    touched = SECRETS if act == "promote" else SECRETS[1:]
    details = changes(before, snapshot(server, dates), touched)
    record("oauthservers.server.changed", target=server, details=details)
    _settle(server, {*touched}, is_new=False)
    return done
