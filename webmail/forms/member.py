"""Giving a shared account to people and departments."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from groupware.organisation.models import Unit
from groupware.users.forms import PersonField
from webmail.models import AccountMember, MailAccount

Role = AccountMember.Role


class RoleForm(forms.Form):
    """One right."""

    role = forms.ChoiceField(label=_("Right"), choices=Role.choices)


class MemberForm(RoleForm):
    """A person or a department, and what they may do."""

    person = PersonField(
        label=_("Person"), required=False, help_text=_("User name or e-mail address.")
    )
    unit = forms.ModelChoiceField(
        label=_("Department"),
        queryset=Unit.objects.all(),
        to_field_name="public_id",
        required=False,
        empty_label=_("No department"),
        help_text=_("Everybody in it and in the departments below it."),
    )
    field_order = ("person", "unit", "role")

    def __init__(self, *args: Any, account: MailAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean(self) -> dict[str, Any]:
        """Exactly one of the two, and nobody twice."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        person, unit = cleaned.get("person"), cleaned.get("unit")
        if bool(person) == bool(unit):
            message = _("Enter a person or choose a department, one of the two.")
            self.add_error("person", ValidationError(message))
        elif self.account.members.filter(user=person, unit=unit).exists():
            message = _("%(member)s is a member already. Change the right in the list above.")
            words = {"member": person or unit}
            self.add_error("person" if person else "unit", ValidationError(message, params=words))
        return cleaned

    def save(self) -> AccountMember:
        """Add the member."""
        values = {name: self.cleaned_data[name] for name in ("unit", "role")}
        return self.account.members.create(user=self.cleaned_data["person"], **values)
