"""What function administrators type about the policy."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from webmail.models import WebmailPolicy


def _allowed(label, help_text) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        help_text=help_text,
        choices=[("True", _("Allow")), ("False", _("Do not allow"))],
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
    )


class WebmailPolicyForm(forms.ModelForm):
    """The one row of the policy."""

    allows_individual_settings = _allowed(
        _("Individual account settings"),
        _(
            "Whether people set up their own mail accounts. Where they may not, function administrators do it, "
            "and people still authorize their own."
        ),
    )
    allows_individual_servers = _allowed(
        _("Individual mail servers"),
        _(
            "Whether people may type in a mail server that is not registered here. "
            "Function administrators always may."
        ),
    )
    allows_shared_accounts = _allowed(
        _("Shared accounts"),
        _(
            "Where they are not allowed they rest: they are neither received nor shown to their members. "
            "Nothing is deleted."
        ),
    )

    class Meta:
        model = WebmailPolicy
        fields = [
            "allows_individual_settings",
            "allows_individual_servers",
            "allows_shared_accounts",
            "undo_seconds",
            "maximum_message_megabytes",
        ]
        help_texts = {
            "undo_seconds": _("0 sends at once. Up to 120."),
            "maximum_message_megabytes": _("With attachments, as it leaves. Up to 150."),
        }
