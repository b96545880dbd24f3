"""Appointing somebody, by the name they sign in with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from groupware.users.forms import PersonField

__all__ = ["AppointForm"]


class AppointForm(forms.Form):
    """One person to look after a function."""

    person = PersonField(label=_("Add a person"), help_text=_("User name or e-mail address."))

    def __init__(self, *args: Any, already: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.already = already

    def clean_person(self) -> Any:
        """Nobody is appointed twice."""
        person = self.cleaned_data["person"]
        if person.pk in self.already:
            raise ValidationError(
                _("%(person)s is already in the list."), params={"person": person}
            )
        return person
