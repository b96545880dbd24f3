"""Who may read, write, send and manage: own accounts, shared ones, departments, disabled people."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from groupware.functions.models import FunctionAdministrator
from groupware.organisation.models import Unit
from tests.factories import webmail as make
from webmail.models import (
    AccountMember,
    MailAccount,
    Mailbox,
    Message,
    OutgoingMessage,
    WebmailPolicy,
)

pytestmark = pytest.mark.django_db
RIGHTS = ("visible_to", "writable_by", "sendable_by", "manageable_by", "authorizable_by")


def shared(**values) -> MailAccount:
    """A shared account with an inbox."""
    values = {"owner": None, "kind": MailAccount.Kind.SHARED, "name": "Orders"} | values
    account = make.MailAccountFactory(**values)
    make.MailboxFactory(account=account)
    return account


def unit(key: str, parent: Unit | None = None) -> Unit:
    """A department."""
    return Unit.objects.create(key=key, name=key.title(), parent=parent)


def rights(account: MailAccount, person) -> set[str]:
    """The querysets that let ``person`` see the account."""
    return {
        right
        for right in RIGHTS
        if getattr(MailAccount.objects, right)(person).filter(pk=account.pk).exists()
    }


READS = {"visible_to"}
SENDS = READS | {"writable_by", "sendable_by"}
MANAGES = set(RIGHTS)


def test_owner_has_every_right_and_a_stranger_none() -> None:
    account = make.MailAccountFactory()
    assert rights(account, account.owner) == MANAGES
    assert rights(account, make.PersonFactory()) == set()


@pytest.mark.parametrize(
    ("role", "expected"), [("reader", READS), ("sender", SENDS), ("manager", MANAGES)]
)
def test_a_later_right_includes_the_earlier_ones(role, expected) -> None:
    account, person = shared(), make.PersonFactory()
    AccountMember.objects.create(account=account, user=person, role=role)
    assert rights(account, person) == expected


@pytest.mark.parametrize(
    ("role", "expected"), [("reader", READS), ("sender", SENDS), ("manager", MANAGES)]
)
def test_a_department_counts_with_everything_below_it(role, expected) -> None:
    division = unit("sales")
    section = unit("tokyo", unit("east", division))
    person, above = make.PersonFactory(), make.PersonFactory()
    section.memberships.create(user=person)
    unit("company").memberships.create(user=above)
    account = shared()
    AccountMember.objects.create(account=account, unit=division, role=role)
    assert rights(account, person) == expected
    assert rights(account, above) == set()


def test_membership_of_a_section_does_not_open_what_only_another_section_may_see() -> None:
    division = unit("sales")
    east, west = unit("east", division), unit("west", division)
    person = make.PersonFactory()
    west.memberships.create(user=person)
    account = shared()
    AccountMember.objects.create(account=account, unit=east, role="manager")
    assert rights(account, person) == set()


def test_a_circle_of_departments_ends() -> None:
    first = unit("first")
    second = unit("second", first)
    Unit.objects.filter(pk=first.pk).update(parent=second)
    person = make.PersonFactory()
    second.memberships.create(user=person)
    account = shared()
    AccountMember.objects.create(account=account, unit=first)
    assert rights(account, person) == READS
    assert set(Unit.objects.within(first)) == {first, second}


def test_several_ways_to_one_account_give_it_once() -> None:
    person, division = make.PersonFactory(), unit("sales")
    section = unit("east", division)
    for place in (division, section):
        place.memberships.create(user=person)
    account = shared()
    AccountMember.objects.create(account=account, user=person, role="reader")
    AccountMember.objects.create(account=account, unit=division, role="sender")
    AccountMember.objects.create(account=account, unit=section, role="manager")
    for right in RIGHTS:
        assert list(getattr(MailAccount.objects, right)(person)) == [account], right
    assert Mailbox.objects.visible_to(person).count() == 1


def test_a_disabled_person_has_no_right() -> None:
    account, person = shared(), make.PersonFactory(is_active=False)
    AccountMember.objects.create(account=account, user=person, role="manager")
    assert rights(account, person) == set()
    assert not MailAccount.objects.visible_to(AnonymousUser())


def test_shared_accounts_rest_while_the_policy_forbids_them() -> None:
    account, person = shared(), make.PersonFactory()
    AccountMember.objects.create(account=account, user=person, role="manager")
    WebmailPolicy.objects.create(allows_shared_accounts=False)
    assert rights(account, person) == set()
    assert not MailAccount.objects.in_use()
    own = make.MailAccountFactory(owner=person)
    assert list(MailAccount.objects.visible_to(person)) == [own]
    assert list(MailAccount.objects.in_use()) == [own]


def test_function_administrators_manage_every_account_and_read_none() -> None:
    person = make.PersonFactory()
    FunctionAdministrator.objects.create(key="webmail", user=person)
    for account in (shared(), make.MailAccountFactory()):
        assert rights(account, person) == {"manageable_by", "authorizable_by"}


def test_an_account_that_is_being_removed_is_gone_for_everybody() -> None:
    account = make.MailAccountFactory()
    root = make.PersonFactory(is_system_administrator=True)
    MailAccount.objects.update(removed_at=make.NOON)
    assert rights(account, account.owner) == rights(account, root) == set()
    assert not MailAccount.objects.in_use()


def test_accounts_in_use_are_those_of_people_who_may_sign_in_and_shared_ones() -> None:
    common = shared()
    shared(is_enabled=False)
    own = make.MailAccountFactory()
    make.MailAccountFactory(owner=make.PersonFactory(is_active=False))
    assert set(MailAccount.objects.in_use()) == {common, own}


def test_rights_ask_the_database_once(django_assert_num_queries) -> None:
    person = make.PersonFactory()
    deepest = unit("level-0")
    for number in range(1, 12):
        deepest = unit(f"level-{number}", deepest)
    deepest.memberships.create(user=person)
    account = shared()
    AccountMember.objects.create(account=account, unit=Unit.objects.get(key="level-0"))
    with django_assert_num_queries(1):
        assert list(Message.objects.visible_to(person)) == []
    with django_assert_num_queries(1):
        assert len(Mailbox.objects.visible_to(person)) == 1


def test_a_draft_in_a_shared_account_is_its_authors_and_the_outbox_everybodys() -> None:
    account = shared()
    author, colleague, reader = (make.PersonFactory() for _ in range(3))
    for person, role in ((author, "sender"), (colleague, "sender"), (reader, "reader")):
        AccountMember.objects.create(account=account, user=person, role=role)
    draft = make.OutgoingMessageFactory(account=account, author=author)
    refused = make.OutgoingMessageFactory(
        account=account, author=author, state=OutgoingMessage.State.FAILED
    )
    assert set(OutgoingMessage.objects.visible_to(author)) == {draft, refused}
    assert set(OutgoingMessage.objects.visible_to(colleague)) == {refused}
    assert set(OutgoingMessage.objects.visible_to(reader)) == set()
