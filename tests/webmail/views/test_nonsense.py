"""Addresses and posts that somebody made up: answered, never an error of ours."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from tests.factories import webmail as make

NO_ID = "z" * 32
FAR = "9" * 30


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("account", f"authorization={NO_ID}"),
        ("account_authorized", f"grant={NO_ID}"),
        ("account_authorized", "grant=%00"),
        ("account_authorized", f"authorization={NO_ID}"),
        ("receiving", f"asked=-62135596800&after={FAR}"),
        ("receiving", "asked=253402300799"),
        ("receiving", "asked=nan&after=x"),
    ],
)
def test_an_invented_parameter_of_an_account_counts_as_absent(client, account, name, query):
    page = reverse(f"webmail:{name}", args=[account.public_id])
    assert client.get(f"{page}?{query}").status_code in {200, 302}


@pytest.mark.parametrize("number", ["z" * 36, "%00", ""])
def test_a_watched_message_that_is_none_is_passed_over(client, number):
    assert client.get(reverse("webmail:sending"), {"id": number}).status_code == 200


@pytest.mark.parametrize(
    "cursor", ["0001-01-01T00:00:00+14:00~1", "9999-12-31T23:59:59-14:00~1", "now~1", "~"]
)
def test_an_invented_cursor_is_not_found(client, account, cursor):
    rows = reverse("webmail:rows", args=[make.inbox(account).public_id])
    assert client.get(rows, {"before": cursor}).status_code == 404


def test_a_recipient_with_a_nul_begins_a_message(client):
    assert client.post(reverse("webmail:compose"), {"to": "sato\0@example.test"}).status_code == 302


def test_searching_accounts_for_a_nul_finds_everybody(client, account):
    get_user_model().objects.filter(pk=account.owner_id).update(is_system_administrator=True)
    page = client.get(reverse("webmail:manage_accounts"), {"q": "\0"})
    assert account.address in page.content.decode()
