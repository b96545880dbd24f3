"""The address of an endpoint: https only, of any host that a resolver may know."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

_EXAMPLE = "https://login.example.com/oauth2/token"
# RFC 1123 §2.1, and the underscore that office networks use.
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)


def validate_address(value: str) -> None:
    """Raise ValidationError with the reason and an example. A name without a dot is good: intranets have them."""
    reason = _reason(value)
    if reason:
        raise ValidationError(
            _("%(reason)s For example: %(example)s"),
            code="address",
            params={"reason": reason, "example": _EXAMPLE},
        )


def _reason(value: str) -> Any:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return _("The port or the host of this address cannot be read.")
    if any(character.isspace() or not character.isprintable() for character in value):
        return _("An address has no spaces.")
    if parts.scheme.lower() != "https":
        return _("The address must start with https://, for secrets travel there.")
    if not _is_host(host) or port == 0:
        return _("The host of this address cannot be read.")
    if parts.username is not None or parts.password is not None:
        return _("The address must not hold a user name or a password.")
    if parts.fragment:
        return _("The address must not hold a part after #.")
    return ""


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        try:
            name = host.encode("idna").decode() if not host.isascii() else host
        except UnicodeError:
            return False
        labels = name.removesuffix(".").split(".")
        return all(_LABEL.fullmatch(label) for label in labels)
    return True


class AddressFormField(forms.URLField):
    """One line; an address typed without a scheme is meant as https."""

    default_validators = [validate_address]

    def __init__(self, **options: Any) -> None:
        options.setdefault("assume_scheme", "https")
        super().__init__(**options)
        self.widget.attrs.setdefault("spellcheck", "false")

    def to_python(self, value: Any) -> Any:
        """Spaces at the ends are nobody's intention; what cannot be taken apart is told like the rest."""
        try:
            return super().to_python(value.strip() if isinstance(value, str) else value)
        except ValidationError:
            validate_address(str(value))
            raise


class AddressField(models.URLField):
    """A column for such an address. To the database and to migrations it is a URLField."""

    default_validators = [validate_address]

    def deconstruct(self) -> Any:
        """What migrations need to know is no more than Django's own field."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.URLField", arguments, options

    def formfield(self, **options: Any) -> Any:
        """The form field that refuses with the same words."""
        return super().formfield(**{"form_class": AddressFormField, **options})
