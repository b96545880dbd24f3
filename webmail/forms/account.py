"""A mail account: where it receives from, where it sends through, and how it proves who it is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from webmail import sync
from webmail.forms.proving import Proving, Receive, Send
from webmail.forms.server import TypedServerForm
from webmail.forms.typed_servers import FIELDS, TYPED, ServerChoice, TypedServers
from webmail.models import MailAccount, MailServer


class KeptPasswordField(forms.CharField):
    """A password that is never sent back to the browser; left empty, the one that is kept stays.

    Whether it may be empty depends on what is kept, so the form decides and not the field.
    """

    def __init__(self, *, label: str) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False)
        widget.use_required_attribute = lambda initial: False
        super().__init__(label=label, strip=False, widget=widget)

    def validate(self, value: str) -> None:
        """Accept an empty value."""


def _without_controls(value: str) -> str:
    if not value.isprintable():
        raise ValidationError(_("A user name has no line breaks or control characters."))
    return value


class MailAccountForm(forms.ModelForm):
    """Both directions of one account. Saving writes the columns of this form alone, never what receiving writes."""

    incoming_server = ServerChoice(
        queryset=MailServer.objects.none(),
        label=_("Incoming mail server"),
        empty_label=_("Choose a server"),
    )
    outgoing_server = ServerChoice(
        queryset=MailServer.objects.none(),
        label=_("Outgoing mail server"),
        required=False,
        empty_label=_("This account does not send"),
    )
    receive_authentication = forms.ChoiceField(
        label=_("Authentication"), choices=Receive.choices, widget=forms.RadioSelect
    )
    send_authentication = forms.ChoiceField(
        label=_("Authentication for sending"),
        choices=[
            (Send.SAME_AS_RECEIVING, Send.SAME_AS_RECEIVING.label),
            (Send.PASSWORD, _("User ID and password")),
            (Send.OAUTH2, Send.OAUTH2.label),
            (Send.NONE, Send.NONE.label),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    new_receive_password = KeptPasswordField(label=_("Password"))
    new_send_password = KeptPasswordField(label=_("Password for sending"))

    class Meta:
        model = MailAccount
        fields = [
            "address",
            "name",
            "display_name",
            "is_enabled",
            "authorized_as",
            "incoming_server",
            "receive_authentication",
            "receive_username",
            "leaves_on_server",
            "delete_after_days",
            "outgoing_server",
            "send_authentication",
            "send_username",
            "sent_copy",
        ]
        labels = {
            "is_enabled": _("Receive and send with this account"),
            "authorized_as": _("Authorized as"),
            "receive_username": _("User name for receiving"),
            "send_username": _("User name for sending"),
        }
        help_texts = {
            "name": _("Shown in your folder list. Empty: the mail address."),
            "display_name": _("Recipients see this name beside your address."),
            "authorized_as": _(
                "For a shared mailbox: the address of the person who may open it and signs in for it. "
                "Empty: the mail address."
            ),
            "receive_username": _(
                "Names the mailbox to open, also when somebody else signs in for it. Empty: the mail address."
            ),
            "send_username": _(
                "Names who signs in for sending. Empty: the address that it is authorized as, "
                "otherwise the user name for receiving."
            ),
            "delete_after_days": _("0: mail stays on the server for good."),
        }

    def __init__(self, *args, allows_typing: bool = False, person: Any = None, **kwargs) -> None:
        """``person`` is who fills it in."""
        super().__init__(*args, **kwargs)
        self.person = person
        account = self.instance
        has_row = bool(account.pk)
        data = self.data if self.is_bound else None
        self.servers = TypedServers(account, self.fields, data, allows_typing)
        self.proving = Proving(self, self.servers)
        for direction, name in FIELDS.items():
            if self.servers.is_typed(direction):
                self.initial[name] = TYPED
        self.fields["delete_after_days"].required = False
        if not has_row:
            self.initial["receive_authentication"] = Receive.OAUTH2
            self.initial["send_authentication"] = Send.SAME_AS_RECEIVING
        self._suggest_names()
        kept = _("A password is kept. Leave this empty to keep it.")
        if has_row and account.receive_password:
            self.fields["new_receive_password"].help_text = kept
        if has_row and account.send_password:
            self.fields["new_send_password"].help_text = kept

    def _suggest_names(self) -> None:
        """Show in the empty fields what will be used; account.js follows what is typed."""
        account = self.instance
        suggestions = {
            "authorized_as": account.address,
            "receive_username": account.address,
            "send_username": account.authorized_as or account.receiving_name,
        }
        for name, suggestion in suggestions.items():
            attrs = {"placeholder": suggestion, "autocomplete": "off", "spellcheck": "false"}
            self.fields[name].widget.attrs |= attrs

    @property
    def typed_receive(self) -> TypedServerForm | None:
        """The server typed in for receiving, for the template."""
        return self.servers.forms.get("receive")

    @property
    def typed_send(self) -> TypedServerForm | None:
        """The server typed in for sending, for the template."""
        return self.servers.forms.get("send")

    @cached_property
    def changed_data(self) -> list[str]:
        """The names of the fields that were changed, those of typed servers included."""
        return [*super().changed_data, *self.servers.changed()]

    @property
    def has_other_names(self) -> bool:
        """Whether somebody signs in under another name than the address, or typed one that is refused."""
        names = ("authorized_as", "receive_username", "send_username")
        return any(self[name].value() or self[name].errors for name in names)

    def clean_delete_after_days(self) -> int:
        """Empty means never."""
        return self.cleaned_data.get("delete_after_days") or 0

    def clean_receive_username(self) -> str:
        """A user name goes into commands of the mail protocols."""
        return _without_controls(self.cleaned_data["receive_username"])

    def clean_send_username(self) -> str:
        """A user name goes into commands of the mail protocols."""
        return _without_controls(self.cleaned_data["send_username"])

    def clean_authorized_as(self) -> str:
        """The address itself is nobody else's: then there is no delegate."""
        typed = self.cleaned_data["authorized_as"]
        address = self.cleaned_data.get("address", "")
        return "" if typed.casefold() == address.casefold() else typed

    def clean_address(self) -> str:
        """One account per address and person; one shared account per address."""
        address = self.cleaned_data["address"]
        alike = MailAccount.objects.kept().filter(
            owner=self.instance.owner, kind=self.instance.kind, address__iexact=address
        )
        if alike.exclude(pk=self.instance.pk).exists():
            raise ValidationError(
                _("There is already an account with this address."), code="unique"
            )
        return address

    def clean(self) -> dict[str, object]:
        """The rules between the fields: each direction must be able to prove who it is."""
        cleaned = super().clean() or self.cleaned_data
        self.servers.resolve(self, cleaned)
        if not cleaned.get("outgoing_server"):
            cleaned["send_authentication"] = Send.OFF
        elif not cleaned.get("send_authentication"):
            self.add_error("send_authentication", _("Choose how sending proves who you are."))
        if not self.errors:
            self.proving.check(cleaned)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """A typed server has no row yet, so there is nothing to look for."""
        excluded: set[str] = super()._get_validation_exclusions()
        chosen = {name: self.cleaned_data.get(name) for name in FIELDS.values()}
        return excluded | {name for name, server in chosen.items() if server and not server.pk}

    def save(self, commit: bool = True) -> MailAccount:
        """Save the columns of the form; a changed name or server lets go of the old connection."""
        with transaction.atomic():
            kept = {direction: self.proving.may_keep(direction) for direction in FIELDS}
            self.servers.save()
            account = self._saved(kept)
            self.servers.forget_former()
        if self.changed_data and not self._is_new:
            sync.resume(account)
        return account

    def _saved(self, kept: dict[str, bool]) -> MailAccount:
        account = self.instance
        self._is_new = not account.pk
        columns = {*self.Meta.fields}
        for direction in FIELDS:
            if password := self.cleaned_data[f"new_{direction}_password"]:
                setattr(account, f"{direction}_password", password)
                columns.add(f"{direction}_password")
            stays = kept[direction] and self.proving.fits(direction)
            if not (stays and self.proving.is_trusted_with(direction)):
                setattr(account, f"{direction}_grant", None)
                columns.add(f"{direction}_grant")
        if self._is_new:
            account.save()
            return account
        if self.changed_data:
            account.send_health = MailAccount.Health.UNTRIED
            columns.add("send_health")
        account.save(update_fields=columns)
        return account
