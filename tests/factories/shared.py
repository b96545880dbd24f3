"""Shared accounts as tests need them: people and departments with a right each."""

from __future__ import annotations

from groupware.organisation.models import Unit
from tests.factories import webmail as make
from webmail.models import AccountMember, MailAccount


def shared_account(**members) -> MailAccount:
    """A shared account with folders; ``reader=person``, ``sender=person`` and ``manager=person`` are its members."""
    account = make.account_with_folders(
        owner=None, kind=MailAccount.Kind.SHARED, name="Orders", address="orders@example.test"
    )
    for role, person in members.items():
        give(account, person, role)
    return account


def give(account: MailAccount, to, role: str = "reader") -> AccountMember:
    """Give a person or a department a right."""
    place = {"unit": to} if isinstance(to, Unit) else {"user": to}
    return AccountMember.objects.create(account=account, role=role, **place)


def unit(key: str, parent: Unit | None = None, *people) -> Unit:
    """A department with people."""
    made = Unit.objects.create(key=key, name=key.title(), parent=parent)
    for person in people:
        made.memberships.create(user=person)
    return made
