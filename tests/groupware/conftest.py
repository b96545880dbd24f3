"""Two people: one keeps the system, one only uses it."""

from __future__ import annotations

import pytest
from django.test import Client

from groupware.audit.models import AuditEvent
from groupware.users.models import User

PASSWORD = "paper-and-ink-7"


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Nothing here is about the strength of a hash, which costs half a second each."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def make_person(username: str, **fields) -> User:
    is_administrator = fields.pop("administrator", False)
    person = User(username=username, email=f"{username}@example.test", **fields)
    person.set_password(PASSWORD)
    person.set_system_administrator(is_administrator)
    person.save()
    return person


@pytest.fixture
def aoki(db) -> User:
    """A system administrator."""
    return make_person("aoki", display_name="青木 花子", administrator=True)


@pytest.fixture
def bernard(db) -> User:
    """A person without any right."""
    return make_person("bernard", display_name="Bernard Dupont")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    AuditEvent.objects.filter(name="users.session.started").delete()  # not what the test is about
    return client


@pytest.fixture
def as_aoki(aoki) -> Client:
    return signed_in(aoki)


@pytest.fixture
def as_bernard(bernard) -> Client:
    return signed_in(bernard)
