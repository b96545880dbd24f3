"""Fields at rest: AES-256-GCM with a key id, bound to the row they belong to.

A sealed value reads ``v1:<key id>:<nonce>:<ciphertext>``. The associated data name the table, the column and the
row's ``public_id``, so a ciphertext copied to another row or column does not open. Keys live outside the database
(``GROUPWARE_ENCRYPTION_KEYS``); the first one encrypts, all of them decrypt, which is what makes rotation possible.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

VERSION = "v1"


class DecryptionError(Exception):
    """A stored value does not open: its key is not in the ring, or it was moved or altered."""


@dataclass(frozen=True)
class Sealed:
    """Ciphertext as it lies in the database; says nothing of what it holds."""

    text: str

    def __bool__(self) -> bool:
        return bool(self.text)

    def __repr__(self) -> str:
        return "<Sealed>"


class KeyRing:
    """The keys by id; the first encrypts."""

    def __init__(self, specification: str) -> None:
        """Read ``kid:base64,kid:base64``; raise ImproperlyConfigured when it cannot be read."""
        self._keys: dict[str, AESGCM] = {}
        for item in filter(None, (part.strip() for part in specification.split(","))):
            kid, _, encoded = item.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except ValueError:
                key = b""
            if not kid or len(key) != 32:
                raise ImproperlyConfigured(
                    "GROUPWARE_ENCRYPTION_KEYS must read kid:key with a key of 32 bytes in base64. "
                    "Make one with: python -m groupware.encryption"
                )
            self._keys[kid] = AESGCM(key)
        if not self._keys:
            raise ImproperlyConfigured("GROUPWARE_ENCRYPTION_KEYS holds no key.")
        self.primary = next(iter(self._keys))

    def __repr__(self) -> str:
        return f"<KeyRing {', '.join(self._keys)}>"

    def encrypt(self, plaintext: str, context: str) -> str:
        """Return the sealed text of ``plaintext`` for the row and column that ``context`` names."""
        nonce = os.urandom(12)
        ciphertext = self._keys[self.primary].encrypt(nonce, plaintext.encode(), context.encode())
        parts = (
            base64.urlsafe_b64encode(nonce).decode(),
            base64.urlsafe_b64encode(ciphertext).decode(),
        )
        return ":".join((VERSION, self.primary, *parts))

    def decrypt(self, sealed: str, context: str) -> str:
        """Open a sealed text; raise DecryptionError without a word of its content."""
        try:
            version, kid, nonce, ciphertext = sealed.split(":")
            if version != VERSION or kid not in self._keys:
                raise DecryptionError("The key of a stored value is not in the key ring.")
            opened = self._keys[kid].decrypt(
                base64.urlsafe_b64decode(nonce),
                base64.urlsafe_b64decode(ciphertext),
                context.encode(),
            )
        except (InvalidTag, ValueError):
            raise DecryptionError("A stored value does not open with its key.") from None
        return opened.decode()


_ring: tuple[str, KeyRing] | None = None


def key_ring() -> KeyRing:
    """Return the process's key ring, read from the settings once."""
    global _ring
    specification = settings.ENCRYPTION_KEYS
    if _ring is None or _ring[0] != specification:
        _ring = (specification, KeyRing(specification))
    return _ring[1]


def _context(model: type[models.Model], column: str, public_id: Any) -> str:
    return f"{model._meta.db_table}.{column}.{public_id}"


def seal(model: type[models.Model], column: str, public_id: Any, plaintext: str) -> Sealed:
    """Seal a value for ``QuerySet.update()``, where no instance is at hand. An empty value stays empty."""
    if not plaintext:
        return Sealed("")
    return Sealed(key_ring().encrypt(plaintext, _context(model, column, public_id)))


class _Attribute:
    """Opens the value when it is read; writing takes plain text or what is already sealed."""

    def __init__(self, field: EncryptedTextField) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if not isinstance(value, Sealed):
            return value
        if not value:
            return ""
        return key_ring().decrypt(
            value.text, _context(type(instance), self.field.column, instance.public_id)
        )

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Text that is sealed in the database; the model must have a ``public_id`` that never changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Attribute(self))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed:
        return Sealed(value or "")

    def pre_save(self, model_instance: Any, add: bool) -> Sealed:
        value = model_instance.__dict__.get(self.attname, "")
        if not isinstance(value, Sealed):
            value = seal(type(model_instance), self.column, model_instance.public_id, value or "")
            model_instance.__dict__[self.attname] = value
        return value

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.text
        if not value:
            return ""
        raise TypeError("An encrypted column takes sealed values only: use encryption.seal().")

    def value_to_string(self, obj: Any) -> str:
        value = obj.__dict__.get(self.attname, "")
        return value.text if isinstance(value, Sealed) else ""


if __name__ == "__main__":
    print(f"k1:{base64.b64encode(os.urandom(32)).decode()}")
