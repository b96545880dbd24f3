"""Lists of accounts in function management: filters, and what they cost."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groupware.organisation.models import Unit
from tests.factories import shared
from tests.factories import webmail as make
from tests.webmail.manage.test_screens import ACCOUNTS, account, client, words

__all__ = ["account", "client"]


@pytest.mark.parametrize("name", ["manage_accounts", "manage_shared", "manage_people_without"])
def test_a_list_asks_the_same_however_long_it_is(client, name, django_assert_num_queries) -> None:
    issuer = make.AuthorizationServerFactory()
    imap = make.MailServerFactory(authorization_server=issuer)

    def add(count: int) -> None:
        for _ in range(count):
            make.PersonFactory()
            account = make.MailAccountFactory(
                incoming_server=imap,
                receive_authentication="oauth2",
                receive_grant=make.GrantFactory(server=issuer),
            )
            given = make.MailAccountFactory(owner=None, kind="shared", incoming_server=imap)
            shared.give(given, account.owner, "manager")

    address = reverse(f"webmail:{name}")
    add(2)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    add(8)
    with django_assert_num_queries(len(few)):
        client.get(address)


def test_accounts_are_narrowed_by_department_with_everything_below_it(client, account):
    division = shared.unit("sales")
    shared.unit("east", division, account.owner)
    other = make.account_with_folders()
    page = words(client.get(ACCOUNTS, {"unit": str(division.public_id)}))
    assert account.address in page
    assert other.address not in page
    without = make.PersonFactory(display_name="In the east")
    Unit.objects.get(key="east").memberships.create(user=without)
    address = reverse("webmail:manage_people_without")
    page = words(client.get(address, {"unit": str(division.public_id)}))
    assert "In the east" in page
    assert "manager" not in page.partition("link-list")[2].partition("</ul>")[0]
