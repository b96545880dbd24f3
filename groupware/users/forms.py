"""Forms of people: one's own profile, and the entries that a system administrator keeps."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from groupware.users.models import User


def language_choices() -> list[tuple[str, Any]]:
    """Every language under its own name, and the browser's choice."""
    names = [
        (code, get_language_info(code)["name_local"].capitalize())
        for code, _name in settings.LANGUAGES
    ]
    return [("", _("As the browser says")), *names]


def time_zone_choices() -> list[tuple[str, Any]]:
    """Zones named after a place, and the installation's own."""
    places = sorted(
        name for name in available_timezones() if "/" in name and not name.startswith("Etc/")
    )
    own = _("As the installation (%(zone)s)") % {"zone": settings.TIME_ZONE}
    return [("", own), ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places)]


class ProfileForm(forms.ModelForm):
    """What a person chooses for themselves."""

    language = forms.ChoiceField(label=_("Language"), choices=language_choices, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices, required=False)

    class Meta:
        model = User
        fields = [
            "display_name",
            "language",
            "time_zone",
            "appearance",
            "density",
            "uses_shortcuts",
            "notice_address",
        ]
        help_texts = {
            "display_name": _(
                "Colleagues see this name, and it stands beside your address in mail that you send."
            ),
            "uses_shortcuts": _("Press ? on any page to see them."),
            "notice_address": _(
                "Messages that a mailbox here has stopped go to this address. Choose one that you read elsewhere: "
                "a message about a mailbox that has stopped does not help inside that mailbox."
            ),
        }


class DisplayForm(forms.ModelForm):
    """One of the choices in the person's menu."""

    class Meta:
        model = User
        fields = ["language", "appearance", "density"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in [name for name in self.fields if name not in self.data]:
            del self.fields[name]

    def clean_language(self) -> str:
        """Only a language that the installation speaks."""
        language: str = self.cleaned_data["language"]
        if language and language not in dict(settings.LANGUAGES):
            raise ValidationError(_("This language is not available."))
        return language


class PersonForm(forms.ModelForm):
    """The entry of a person, kept by a system administrator."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=language_choices, required=False)

    class Meta:
        model = User
        fields = [
            "username",
            "display_name",
            "email",
            "notice_address",
            "language",
            "is_system_administrator",
        ]
        help_texts = {
            "notice_address": _(
                "Where this person hears that their mailbox here has stopped; they may change it themselves."
            ),
            "username": _(
                "Letters, digits and @ . + - _. People sign in with it or with their e-mail address."
            ),
            "is_system_administrator": _(
                "May change everything under System: people, departments, functions and authorization servers."
            ),
        }

    def __init__(self, *args: Any, acting: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.acting = acting
        is_new = self.instance._state.adding
        self.fields["password"].required = is_new
        self.fields["password"].help_text = (
            password_validators_help_text_html()
            if is_new
            else _(
                "Leave it empty to keep the password. A new one ends the sessions of this person."
            )
        )

    def _free_to_use(self, name: str) -> str:
        others = (
            User.objects.signing_in_with(name).exclude(pk=self.instance.pk)
            if name
            else User.objects.none()
        )
        if others.exists():
            raise ValidationError(
                _("Another person already signs in with %(name)s."), params={"name": name}
            )
        return name

    def clean_username(self) -> str:
        """A user name is nobody else's user name or address."""
        return self._free_to_use(self.cleaned_data["username"])

    def clean_email(self) -> str:
        """An address is nobody else's user name or address."""
        return self._free_to_use(self.cleaned_data["email"])

    def clean_is_system_administrator(self) -> bool:
        """Somebody must be left who can undo it: nobody takes the right from themselves."""
        is_administrator: bool = self.cleaned_data["is_system_administrator"]
        if not is_administrator and self.instance.pk == self.acting.pk:
            raise ValidationError(
                _("You cannot take this right from yourself. Another system administrator can.")
            )
        return is_administrator

    def _post_clean(self) -> None:
        super()._post_clean()
        if password := self.cleaned_data.get("password"):
            try:
                validate_password(password, self.instance)
            except ValidationError as exc:
                self.add_error("password", exc)

    def save(self, commit: bool = True) -> User:
        """Save with the password, when one was given."""
        person: User = super().save(commit=False)
        if password := self.cleaned_data.get("password"):
            person.set_password(password)
        person.set_system_administrator(self.cleaned_data["is_system_administrator"])
        if commit:
            person.save()
        return person


class PersonField(forms.CharField):
    """One active person, named by user name or e-mail address."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 254)
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"})
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> User | None:
        """Return the person; a name that nobody has is refused, and none at all is nobody where that is allowed."""
        name = super().clean(value)
        if not name:
            return None
        person = User.objects.active().signing_in_with(name).first()
        if person is None:
            raise ValidationError(_("Nobody signs in with %(name)s."), params={"name": name})
        return person
