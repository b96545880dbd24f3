"""Forms of the organisation and its departments."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.crypto import get_random_string
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from groupware.organisation.models import Organisation, Unit
from groupware.users.forms import PersonField


class OrganisationForm(forms.ModelForm):
    """The name of the organisation."""

    class Meta:
        model = Organisation
        fields = ["name"]


class UnitForm(forms.ModelForm):
    """A department and its place in the tree."""

    class Meta:
        model = Unit
        fields = ["name", "parent", "order", "key"]
        help_texts = {
            "order": _("Departments beside each other are listed by this number, then by name."),
            "key": _("Names the department in provisioning files. Left empty, one is made."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].required = False
        self.fields["parent"].empty_label = _("Nothing; it stands at the top")
        if self.instance.pk:
            inside = {unit.pk for unit in _with_descendants(self.instance)}
            self.fields["parent"].queryset = Unit.objects.exclude(pk__in=inside)

    def clean_key(self) -> str:
        """Make a key from the name when none is given; a Japanese name leaves nothing to make it from."""
        key: str = self.cleaned_data["key"]
        return (
            key
            or slugify(self.cleaned_data.get("name", ""))[:48]
            or f"unit-{get_random_string(8).lower()}"
        )


class MemberForm(forms.Form):
    """One person to add to a department."""

    person = PersonField(label=_("Add a person"), help_text=_("User name or e-mail address."))

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = unit

    def clean_person(self) -> Any:
        """Nobody belongs to a department twice."""
        person = self.cleaned_data["person"]
        if self.unit.memberships.filter(user=person).exists():
            raise ValidationError(
                _("%(person)s is already in this department."), params={"person": person}
            )
        return person


def _with_descendants(unit: Unit) -> list[Unit]:
    found = [unit]
    for item in found:
        found.extend(item.children.all())
    return found
