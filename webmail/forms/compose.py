"""The composer: loose while writing, strict when sending."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from webmail.mime.headers import parse_typed_addresses
from webmail.models import MailAccount, OutgoingMessage

MOST_RECIPIENTS = 500
LONGEST_SUBJECT = (
    900  # characters; a header line has 998 octets (RFC 5322 §2.1.1), longer subjects are folded
)


class AddressChoice(forms.ModelChoiceField):
    """An account to send from, shown as the header will show it."""

    def label_from_instance(self, account: MailAccount) -> str:
        return (
            f"{account.display_name} <{account.address}>"
            if account.display_name
            else account.address
        )


def wrong_addresses(value: str) -> list[str]:
    """The entries of a typed list that nobody can be written to at."""
    wrong = []
    for address in parse_typed_addresses(value):
        try:
            validate_email(address.addr_spec)
        except ValidationError:
            wrong.append(address.addr_spec or address.display_name)
    return wrong


class DraftForm(forms.ModelForm):
    """What a save keeps: everything as typed, so that a half-written address survives."""

    account = AddressChoice(
        queryset=MailAccount.objects.none(), label=_("From"), to_field_name="public_id"
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = OutgoingMessage
        fields = ["account", "to", "cc", "bcc", "subject", "text"]
        labels = {
            "to": _("To"),
            "cc": _("Cc"),
            "bcc": _("Bcc"),
            "subject": _("Subject"),
            "text": _("Text"),
        }
        widgets = {
            "to": forms.TextInput(
                attrs={"autocomplete": "off", "inputmode": "email", "spellcheck": "false"}
            ),
            "cc": forms.TextInput(
                attrs={"autocomplete": "off", "inputmode": "email", "spellcheck": "false"}
            ),
            "bcc": forms.TextInput(
                attrs={"autocomplete": "off", "inputmode": "email", "spellcheck": "false"}
            ),
            "subject": forms.TextInput(attrs={"autocomplete": "off"}),
            "text": forms.Textarea(attrs={"rows": 16}),
        }

    def __init__(self, *args, user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = MailAccount.objects.sendable_by(user)
        self.fields["account"].empty_label = None
        self.fields["text"].strip = False
        self.initial["version"] = self.instance.version
        self.initial["account"] = self.instance.account.public_id

    def clean_subject(self) -> str:
        """A subject is one line (RFC 5322 §2.2): line breaks that were pasted become spaces."""
        return " ".join(self.cleaned_data["subject"].split())[:LONGEST_SUBJECT]

    def clean_text(self) -> str:
        """Browsers send CRLF; the row keeps LF."""
        return self.cleaned_data["text"].replace("\r\n", "\n").replace("\x00", "")

    def values(self) -> dict[str, object]:
        """The columns to save."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class SendForm(DraftForm):
    """What sending asks for in addition: somebody to send to, and addresses that can be written to."""

    def _clean_addresses(self, name: str) -> str:
        value = self.cleaned_data[name]
        wrong = wrong_addresses(value)
        if wrong:
            message = ngettext(
                "%(addresses)s is not a mail address. Correct or remove it.",
                "%(addresses)s are not mail addresses. Correct or remove them.",
                len(wrong),
            )
            raise ValidationError(
                message, code="invalid", params={"addresses": ", ".join(wrong[:5])}
            )
        return value

    def clean_to(self) -> str:
        """Every entry of To must be an address."""
        return self._clean_addresses("to")

    def clean_cc(self) -> str:
        """Every entry of Cc must be an address."""
        return self._clean_addresses("cc")

    def clean_bcc(self) -> str:
        """Every entry of Bcc must be an address."""
        return self._clean_addresses("bcc")

    def clean(self) -> dict[str, object]:
        """Ask for one recipient at least, and not for more than a mail server takes."""
        cleaned = super().clean() or self.cleaned_data
        lists = [cleaned.get(name) for name in ("to", "cc", "bcc")]
        if None in lists:
            return cleaned
        count = sum(len(parse_typed_addresses(value)) for value in lists)
        if not count:
            self.add_error("to", _("Enter at least one recipient."))
        elif count > MOST_RECIPIENTS:
            message = _("A message can have %(most)d recipients; this one has %(count)d.")
            self.add_error(
                "to", ValidationError(message, params={"most": MOST_RECIPIENTS, "count": count})
            )
        return cleaned
