"""Who lives in the sandbox: names, addresses, where they sign in, what they speak."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

PASSWORD = "ink-and-paper"
"""Everybody's password, for the groupware, for the sign-in pages and for password mailboxes."""

CONTOSO_TENANT = "6d2f9c1e-4b7a-4f0e-9a53-1c2d3e4f5a6b"
PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of personal accounts has this fixed number at Microsoft."""

_NAMESPACE = uuid.UUID("0b9a4c52-0d5e-4b57-8b7a-6d6f6e6b6579")


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in to the groupware and, unless `address` is empty, owns a mailbox.

    `signs_in_at` names the authorization server (`microsoft`, `google`, `generic`); empty means
    that the mailbox opens with a password.
    """

    username: str
    address: str
    display_name: str
    signs_in_at: str = ""
    language: str = ""
    unit: str = ""
    system_administrator: bool = False
    function_administrator_of: tuple[str, ...] = ()
    tenant: str = ""
    password: str = PASSWORD

    def get_user_id(self) -> str:
        """Authlib's name for the identity of a resource owner."""
        return self.address

    @property
    def object_id(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, self.address))

    @property
    def subject(self) -> str:
        """A stable `sub` that is not the address; Google's are digits, so all of ours are."""
        digest = hashlib.sha256(self.address.encode()).hexdigest()
        return str(int(digest[:18], 16))

    @property
    def domain(self) -> str:
        return self.address.partition("@")[2]

    @property
    def sign_in_email(self) -> str:
        return self.address or f"{self.username}@groupware.example"


PEOPLE: tuple[Person, ...] = (
    Person(
        "alice",
        "alice@contoso.example",
        "Alice Martin",
        "microsoft",
        "en",
        "sales",
        tenant=CONTOSO_TENANT,
    ),
    Person(
        "maria",
        "maria@contoso.example",
        "Maria Silva",
        "microsoft",
        "en",
        "sales",
        tenant=CONTOSO_TENANT,
    ),
    Person("haruka", "haruka@example.jp", "田中 春香", "google", "ja", "tokyo"),
    Person("olga", "olga@lab.example", "Ольга Смирнова", "generic", "ru", "laboratory"),
    Person("kenji", "kenji@lab.example", "佐藤 健二", "generic", "ja", "laboratory"),
    Person("pierre", "pierre@atelier.example", "Pierre Lefèvre", "", "fr", "studio"),
    Person(
        "admin",
        "",
        "Administrator",
        system_administrator=True,
        function_administrator_of=("webmail",),
        unit="head-office",
    ),
)


@dataclass(frozen=True)
class SharedMailbox:
    """A mailbox to which nobody signs in.

    Its delegates open it with tokens of their own; without delegates only the application does.
    """

    address: str
    display_name: str
    signs_in_at: str
    delegates: tuple[str, ...] = ()


SHARED_MAILBOXES: tuple[SharedMailbox, ...] = (
    SharedMailbox(
        "support@contoso.example", "Contoso support", "microsoft", ("alice@contoso.example",)
    ),
    SharedMailbox("invoices@contoso.example", "Contoso invoices", "microsoft"),
    SharedMailbox("soumu@example.jp", "総務部", "google"),
    SharedMailbox("info@lab.example", "Laboratory", "generic", ("olga@lab.example",)),
)

UNITS: tuple[tuple[str, str, str], ...] = (
    ("head-office", "Head office", ""),
    ("sales", "Sales", "head-office"),
    ("tokyo", "東京支店", "head-office"),
    ("laboratory", "Laboratory", "head-office"),
    ("studio", "Studio", "head-office"),
)
"""Key, name and key of the parent of each department."""


def person_of(address: str) -> Person | None:
    """The person whose mailbox has this address (letter case does not count), or None."""
    wanted = address.strip().lower()
    return next((person for person in PEOPLE if person.address and person.address == wanted), None)


def mailbox_owners() -> list[Person]:
    return [person for person in PEOPLE if person.address]


def mailbox_addresses() -> list[str]:
    """Every mailbox of the mail server: those of people and the shared ones."""
    shared = [mailbox.address for mailbox in SHARED_MAILBOXES]
    return [*(person.address for person in mailbox_owners()), *shared]


def has_mailbox(address: str) -> bool:
    """Whether mail to this address arrives here (letter case does not count)."""
    return address.strip().lower() in mailbox_addresses()
