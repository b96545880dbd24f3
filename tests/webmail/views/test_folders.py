"""The order and the depth of folders."""

from __future__ import annotations

import pytest

from tests.factories import webmail as make
from webmail.models import Mailbox
from webmail.views.folders import rows_of

pytestmark = pytest.mark.django_db


def tree(*folders: tuple[str, str], delimiter: str = "/") -> list[tuple[int, str]]:
    """The lines that an account with these (name, role) folders has."""
    account = make.MailAccountFactory()
    for name, role in folders:
        make.MailboxFactory(account=account, name=name, role=role, delimiter=delimiter)
    return [(row.depth, row.label) for row in rows_of(Mailbox.objects.filter(account=account))]


def test_folders_with_a_role_come_first_and_the_others_by_name():
    assert tree(("b", ""), ("Trash", "trash"), ("A", ""), ("INBOX", "inbox")) == [
        (0, "Inbox"),
        (0, "Trash"),
        (0, "A"),
        (0, "b"),
    ]


def test_a_folder_stands_below_the_one_it_is_in():
    assert tree(("Work", ""), ("Work/2026", ""), ("Work/2026/見積", ""), ("Z", "")) == [
        (0, "Work"),
        (1, "2026"),
        (2, "見積"),
        (0, "Z"),
    ]


def test_a_folder_whose_parent_cannot_be_opened_keeps_its_whole_name():
    assert tree(("Clients/Aoki", "")) == [(0, "Clients/Aoki")]


def test_a_namespace_below_inbox_says_nothing_and_is_left_out():
    folders = [
        ("INBOX", "inbox"),
        ("INBOX.Sent", "sent"),
        ("INBOX.Plans", ""),
        ("INBOX.Plans.New", ""),
    ]
    assert tree(*folders, delimiter=".") == [(0, "Inbox"), (0, "Sent"), (0, "Plans"), (1, "New")]


def test_folders_inside_the_inbox_stand_below_it_where_others_do_not():
    assert tree(("INBOX", "inbox"), ("INBOX/Lists", ""), ("Plans", "")) == [
        (0, "Inbox"),
        (1, "Lists"),
        (0, "Plans"),
    ]
