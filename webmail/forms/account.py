"""A mail account: where it receives from, where it sends through, and how it proves who it is."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oauthservers.models import AuthorizationServer
from webmail import sync
from webmail.models import MailAccount, MailServer

Receive = MailAccount.ReceiveAuthentication
Send = MailAccount.SendAuthentication


class ServerChoice(forms.ModelChoiceField):
    """A registered mail server with its protocol, address and protection."""

    def label_from_instance(self, server: MailServer) -> str:
        return f"{server.name} ({server.get_protocol_display()}, {server.host}:{server.port})"


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


def _offered(servers, current: MailServer | None):
    """The servers that may be chosen, and the one that was chosen before it was switched off."""
    return servers.filter(Q(is_enabled=True) | Q(pk=current.pk if current else None))


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
            "receive_username": _("User name"),
            "send_username": _("User ID for sending"),
        }
        help_texts = {
            "name": _("Shown in your folder list. Empty: the mail address."),
            "display_name": _("Recipients see this name beside your address."),
            "receive_username": _("Empty: the mail address."),
            "send_username": _("Empty: the user name for receiving."),
            "delete_after_days": _("0: mail stays on the server for good."),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        account = self.instance
        has_row = bool(account.pk)
        incoming = account.incoming_server if has_row else None
        self.fields["incoming_server"].queryset = _offered(MailServer.objects.incoming(), incoming)
        self.fields["outgoing_server"].queryset = _offered(
            MailServer.objects.outgoing(), account.outgoing_server
        )
        self.fields["delete_after_days"].required = False
        if not has_row:
            self.initial["receive_authentication"] = Receive.OAUTH2
            self.initial["send_authentication"] = Send.SAME_AS_RECEIVING
        kept = _("A password is kept. Leave this empty to keep it.")
        if has_row and account.receive_password:
            self.fields["new_receive_password"].help_text = kept
        if has_row and account.send_password:
            self.fields["new_send_password"].help_text = kept

    def clean_delete_after_days(self) -> int:
        """Empty means never."""
        return self.cleaned_data.get("delete_after_days") or 0

    def clean_receive_username(self) -> str:
        """A user name goes into commands of the mail protocols."""
        return _without_controls(self.cleaned_data["receive_username"])

    def clean_send_username(self) -> str:
        """A user name goes into commands of the mail protocols."""
        return _without_controls(self.cleaned_data["send_username"])

    def clean_address(self) -> str:
        """One account per address and person."""
        address = self.cleaned_data["address"]
        others = MailAccount.objects.filter(owner=self.instance.owner, address__iexact=address)
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(
                _("There is already an account with this address."), code="unique"
            )
        return address

    def clean(self) -> dict[str, object]:
        """The rules between the fields: each direction must be able to prove who it is."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("outgoing_server") is None:
            cleaned["send_authentication"] = Send.OFF
        elif not cleaned.get("send_authentication"):
            self.add_error("send_authentication", _("Choose how sending proves who you are."))
        if not self.errors:
            self._check_receiving(cleaned)
            self._check_sending(cleaned)
        return cleaned

    def _check_receiving(self, cleaned: dict) -> None:
        server = cleaned["incoming_server"]
        if cleaned["receive_authentication"] == Receive.OAUTH2:
            self._need_authorization_server("incoming_server", server)
        elif not (cleaned["new_receive_password"] or self.instance.receive_password):
            self.add_error("new_receive_password", _("Enter the password for receiving."))

    def _check_sending(self, cleaned: dict) -> None:
        choice, server = cleaned["send_authentication"], cleaned.get("outgoing_server")
        if choice == Send.PASSWORD:
            if not (cleaned["new_send_password"] or self.instance.send_password):
                self.add_error("new_send_password", _("Enter the password for sending."))
        elif choice == Send.OAUTH2:
            self._need_authorization_server("outgoing_server", server)
        elif (
            choice == Send.SAME_AS_RECEIVING
            and cleaned["receive_authentication"] == Receive.OAUTH2
            and "incoming_server" in cleaned
        ):
            incoming = cleaned["incoming_server"]
            if incoming.authorization_server_id != server.authorization_server_id:
                self.add_error(
                    "send_authentication",
                    _(
                        "The two servers use different authorization servers. "
                        "Choose OAuth 2.0 here."
                    ),
                )

    def _need_authorization_server(self, field: str, server: MailServer) -> None:
        known = AuthorizationServer.objects.in_use().filter(pk=server.authorization_server_id)
        if not known.exists():
            message = _(
                "No authorization server is registered for %(server)s. "
                "Choose another authentication, or ask your administrator."
            )
            self.add_error(field, ValidationError(message, params={"server": server.name}))

    def save(self, commit: bool = True) -> MailAccount:
        """Save the columns of the form; a changed address or authorization server lets go of the old connection."""
        account = self.instance
        columns = {*self.Meta.fields}
        for direction in ("receive", "send"):
            if password := self.cleaned_data[f"new_{direction}_password"]:
                setattr(account, f"{direction}_password", password)
                columns.add(f"{direction}_password")
            if not self._fits(direction):
                setattr(account, f"{direction}_grant", None)
                columns.add(f"{direction}_grant")
        if not account.pk:
            account.save()
            return account
        if self.changed_data:
            account.send_health = MailAccount.Health.UNTRIED
            columns.add("send_health")
        account.save(update_fields=columns)
        if self.changed_data:
            sync.resume(account)
        return account

    def _fits(self, direction: str) -> bool:
        """Whether the connection that the account has still is for its address and its server."""
        account = self.instance
        grant = account.receive_grant if direction == "receive" else account.send_grant
        server = account.incoming_server if direction == "receive" else account.outgoing_server
        if grant is None:
            return True
        return (
            server is not None
            and grant.server_id == server.authorization_server_id
            and grant.mailbox_address.casefold() == account.address.casefold()
        )
