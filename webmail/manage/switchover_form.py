"""The form that begins a switchover."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webmail import switchover
from webmail.models import MailAccount, MailServer, Switchover

Receive = MailAccount.ReceiveAuthentication


class SwitchoverForm(forms.ModelForm):
    """Which accounts are looked for, and what they move to."""

    host = forms.ChoiceField(
        label=gettext_lazy("Present incoming server"),
        help_text=gettext_lazy("Registered servers and those set for one account count alike."),
    )

    class Meta:
        model = Switchover
        fields = ["host", "authentication", "incoming_server", "outgoing_server"]
        labels = {
            "authentication": gettext_lazy("Present authentication"),
            "incoming_server": gettext_lazy("Receive from"),
            "outgoing_server": gettext_lazy("Send through"),
        }
        help_texts = {
            "incoming_server": gettext_lazy(
                "With the authorization server that issues its tokens."
            ),
            "outgoing_server": gettext_lazy(
                "Left empty, the outgoing server stays as it is. Accounts that do not send go on not sending."
            ),
        }

    def __init__(self, *args: Any, accounts: QuerySet[MailAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["host"].choices = [
            (
                row["incoming_server__host"],
                _("%(host)s (%(number)d accounts, %(passwords)d with a password)")
                % {"host": row["incoming_server__host"], **row},
            )
            for row in switchover.hosts(accounts)
        ]
        self.initial.setdefault("authentication", Receive.PASSWORD)
        self.fields["authentication"].choices = [
            (Receive.PASSWORD, Receive.PASSWORD.label),
            ("", _("Every one")),
        ]
        offered = MailServer.objects.offered().select_related("authorization_server")
        ready = offered.filter(authorization_server__is_enabled=True)
        for name, servers in (
            ("incoming_server", ready.incoming()),
            ("outgoing_server", ready.outgoing()),
        ):
            self.fields[name].queryset = servers
            self.fields[name].label_from_instance = _server_label
        self.fields["incoming_server"].required = True
        self.fields["incoming_server"].empty_label = _("Choose a server")
        self.fields["outgoing_server"].empty_label = _("Stays as it is")


def _server_label(server: MailServer) -> str:
    return f"{server.name} ({server.get_protocol_display()}, {server.host}) · {server.authorization_server}"
