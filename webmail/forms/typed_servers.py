"""Servers in the account form: one that is registered, or one that is typed in for this account alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext_lazy as _

from webmail.forms.server import TypedServerForm
from webmail.models import MailAccount, MailServer

#: What the choice of a server says when it is not one of the registered ones.
TYPED = "typed"
FIELDS = {"receive": "incoming_server", "send": "outgoing_server"}


class _WithTyped(ModelChoiceIterator):
    def __iter__(self) -> Iterator[Any]:
        yield from super().__iter__()
        if self.field.allows_typing:
            yield TYPED, _("Type in a server")


class ServerChoice(forms.ModelChoiceField):
    """A registered mail server with its protocol, address and protection, or ``TYPED``."""

    iterator = _WithTyped
    allows_typing = False

    def to_python(self, value: Any) -> Any:
        """A server, or TYPED where typing is allowed."""
        if value == TYPED and self.allows_typing:
            return TYPED
        return super().to_python(value)

    def label_from_instance(self, server: MailServer) -> str:
        return f"{server.name} ({server.get_protocol_display()}, {server.host}:{server.port})"


def _offered(servers: QuerySet, current: MailServer | None) -> QuerySet:
    """The servers that may be chosen, and the one that was chosen before it was switched off."""
    known = Q(is_enabled=True, is_individual=False)
    return servers.filter(known | Q(pk=current.pk if current else None))


class TypedServers:
    """The two servers of an account form, of which each may be typed in."""

    def __init__(
        self,
        account: MailAccount,
        fields: Mapping[str, forms.Field],
        data: Mapping[str, Any] | None,
        allows_typing: bool,
    ) -> None:
        self.account = account
        self.before = {
            "receive": account.incoming_server if account.pk else None,
            "send": account.outgoing_server,
        }
        self.forms: dict[str, TypedServerForm] = {}
        for direction, name in FIELDS.items():
            self._offer(direction, fields[name], data, allows_typing)

    def _offer(self, direction: str, field: Any, data: Any, allows_typing: bool) -> None:
        current = self.before[direction]
        servers = MailServer.objects
        kinds = servers.incoming() if direction == "receive" else servers.outgoing()
        field.allows_typing = allows_typing
        if not allows_typing:
            field.queryset = _offered(kinds, current)
            return
        typed = current if current and current.is_individual else None
        field.queryset = _offered(kinds, None if typed else current)
        is_chosen = data is not None and data.get(FIELDS[direction]) == TYPED
        self.forms[direction] = TypedServerForm(
            data if is_chosen else None,
            prefix=f"typed_{direction}",
            # A copy: what is typed must not change the account before it is saved.
            instance=MailServer.objects.filter(pk=typed.pk).first() if typed else None,
            direction=direction,
        )

    def is_typed(self, direction: str) -> bool:
        """Whether the account's own server is the one in use now."""
        current = self.before[direction]
        return direction in self.forms and current is not None and current.is_individual

    def resolve(self, form: forms.BaseForm, cleaned: dict[str, Any]) -> None:
        """Put the typed servers, not saved yet, where the choice says TYPED; errors stay with their fields."""
        for direction, name in FIELDS.items():
            if cleaned.get(name) != TYPED:
                continue
            typed = self.forms[direction]
            if typed.is_valid():
                cleaned[name] = typed.instance
            else:
                form.add_error(name, _("Correct what is typed in for this server."))

    def need_authorization_server(self, direction: str) -> bool:
        """Ask for the authorization server beside the typed host; False when none was typed."""
        typed = self.forms.get(direction)
        if typed is None or not typed.is_bound:
            return False
        typed.add_error(
            "authorization_server",
            ValidationError(_("Choose the server that issues access tokens for this mail server.")),
        )
        return True

    def has_moved(self, direction: str, server: MailServer | None) -> bool:
        """Whether secrets would go to a host that somebody typed and that has never had them.

        Nobody reads a password or a token that is kept here by typing in a host of their own.
        """
        if server is None or not server.is_individual:
            return False
        before = self.before[direction]
        if before is None or before.pk != server.pk:
            return True
        typed = self.forms.get(direction)
        return bool(typed and typed.is_bound and typed.changed_data)

    def changed(self) -> list[str]:
        """The names of the fields of typed servers that were changed."""
        return [
            typed.add_prefix(name)
            for typed in self.forms.values()
            if typed.is_bound
            for name in typed.changed_data
        ]

    def save(self) -> None:
        """Save what was typed and let the account use it."""
        for direction, typed in self.forms.items():
            if typed.is_bound and typed.is_valid():
                setattr(self.account, FIELDS[direction], typed.save())

    def forget_former(self) -> None:
        """Delete the typed servers that the account does not use any more."""
        former = [server.pk for server in self.before.values() if server and server.is_individual]
        MailServer.objects.filter(pk__in=former).unused_individual().delete()
