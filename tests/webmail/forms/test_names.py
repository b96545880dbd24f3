"""The three names of a mailbox: who is authorized, who receives, who sends."""

from __future__ import annotations

import pytest

from tests.factories import shared
from tests.factories import webmail as make
from tests.webmail.forms.test_account import form_of, saved
from webmail import connections
from webmail.models import MailAccount
from webmail.outbox.settlement import server_files_copy

pytestmark = pytest.mark.django_db
SHARED, DELEGATE = "orders@example.test", "aoki@example.test"


@pytest.fixture
def account() -> MailAccount:
    """A shared mailbox at a server whose tokens a delegate gets."""
    issuer = make.AuthorizationServerFactory()
    grant = make.GrantFactory(server=issuer, mailbox_address=DELEGATE, access_token="token")
    return make.MailAccountFactory(
        address=SHARED,
        authorized_as=DELEGATE,
        receive_authentication="oauth2",
        receive_grant=grant,
        incoming_server=make.MailServerFactory(authorization_server=issuer),
        outgoing_server=make.MailServerFactory(protocol="smtp", authorization_server=issuer),
    )


def test_a_delegate_receives_as_the_mailbox_and_sends_as_themselves(account) -> None:
    assert account.sign_in_address == DELEGATE
    assert (account.receiving_name, account.sending_name) == (SHARED, DELEGATE)
    assert account.sends_as_delegate


def test_names_that_are_typed_count(account) -> None:
    account.receive_username, account.send_username = "example\\orders", "example\\aoki"
    assert (account.receiving_name, account.sending_name) == ("example\\orders", "example\\aoki")


def test_without_a_delegate_both_directions_use_the_address() -> None:
    account = make.MailAccountFactory(receive_username="u123")
    assert account.sending_name == "u123"
    assert not account.sends_as_delegate


def test_a_password_for_both_directions_goes_with_the_name_it_was_given_with(account) -> None:
    account.receive_authentication, account.receive_password = "password", "secret"
    assert connections.sending_credentials(account).username == SHARED


def test_the_copy_of_what_a_delegate_sent_is_filed_by_us(account) -> None:
    assert not server_files_copy(account)
    account.sent_copy = "server"
    assert server_files_copy(account)
    account.sent_copy, account.authorized_as = "automatic", ""
    assert server_files_copy(account)


def test_a_connection_of_the_delegate_stays_when_the_form_is_saved(account) -> None:
    fields = {"authorized_as": DELEGATE, "name": "Orders"}
    assert saved(form_of(account, **fields)).receive_grant_id
    assert saved(form_of(account, authorized_as="")).receive_grant_id is None


def test_the_address_itself_is_no_delegate(account) -> None:
    assert saved(form_of(account, authorized_as=SHARED.upper())).authorized_as == ""


def test_empty_names_show_what_will_be_used(account) -> None:
    page = str(form_of(account)["send_username"])
    assert f'placeholder="{DELEGATE}"' in page


def test_one_shared_account_per_address() -> None:
    first = shared.shared_account()
    second = MailAccount(kind="shared", address=first.address)
    assert "address" in form_of(second).errors
    own = MailAccount(owner=make.PersonFactory(), address=first.address)
    assert "address" not in form_of(own).errors
