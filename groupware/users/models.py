"""A person who signs in, with what they chose for themselves."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    """Refuse a name that the time zone database does not know."""
    if name and name not in available_timezones():
        raise ValidationError(_("%(name)s is not a known time zone."), params={"name": name})


class UserQuerySet(models.QuerySet["User"]):
    """People, as far as somebody may see them."""

    def active(self) -> UserQuerySet:
        """People who may sign in."""
        return self.filter(is_active=True)

    def manageable_by(self, user: User) -> UserQuerySet:
        """People whose entry ``user`` may change: all for a system administrator, none for others."""
        return self if user.is_system_administrator else self.none()

    def signing_in_with(self, name: str) -> UserQuerySet:
        """People whose user name or e-mail address is ``name``; either signs in, in any case of letters."""
        return self.filter(models.Q(username__iexact=name) | models.Q(email__iexact=name))

    def matching(self, words: str) -> UserQuerySet:
        """People whose names or address contain every one of the words."""
        people = self
        for word in words.split():
            people = people.filter(
                models.Q(username__icontains=word)
                | models.Q(display_name__icontains=word)
                | models.Q(email__icontains=word)
            )
        return people


class People(UserManager.from_queryset(UserQuerySet)):
    """Everybody; a class with a name so that migrations can say it."""

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> Any:
        """The first system administrator, made by ``manage.py createsuperuser``."""
        fields.setdefault("is_system_administrator", True)
        return super().create_superuser(username, email, password, **fields)


class User(AbstractUser):
    """A person. Rights come from here (system administrator) and from ``FunctionAdministrator``."""

    class Appearance(models.TextChoices):
        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        COMPACT = "compact", _("Compact")
        NORMAL = "normal", _("Normal")
        COMFORTABLE = "comfortable", _("Comfortable")

    first_name = None
    last_name = None
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    display_name = models.CharField(_("display name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    # Where to write when the person's own mailbox is what has stopped.
    notice_address = models.EmailField(_("other address for notices"), blank=True)
    is_system_administrator = models.BooleanField(_("system administrator"), default=False)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, default="", validators=[validate_time_zone]
    )
    appearance = models.CharField(
        _("appearance"), max_length=8, choices=Appearance.choices, default=Appearance.AUTO
    )
    density = models.CharField(
        _("density"), max_length=12, choices=Density.choices, default=Density.NORMAL
    )
    uses_shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)

    objects = People()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        """The name to show; kept because Django and allauth ask for it."""
        return str(self)

    def get_short_name(self) -> str:
        """The same name: a Japanese name has no short form that may be assumed."""
        return str(self)

    def set_system_administrator(self, is_administrator: bool) -> None:
        """Give or take the right; Django's own flags, which open the operator's pages, follow it. Does not save."""
        self.is_system_administrator = self.is_staff = self.is_superuser = is_administrator
