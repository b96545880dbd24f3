"""The rules of the account form: each direction must be able to prove who it is."""

from __future__ import annotations

import pytest

from tests.factories import webmail as make
from webmail.forms.account import MailAccountForm
from webmail.models import MailAccount, MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def microsoft():
    """A registered authorization server."""
    return make.AuthorizationServerFactory()


@pytest.fixture
def imap(microsoft) -> MailServer:
    """An IMAP server that takes tokens."""
    return make.MailServerFactory(authorization_server=microsoft)


@pytest.fixture
def smtp(microsoft) -> MailServer:
    """A submission server that takes the same tokens."""
    return make.MailServerFactory(protocol="smtp", port=587, authorization_server=microsoft)


def form_of(account: MailAccount, **fields) -> MailAccountForm:
    """The form with what the browser posts for ``account``, changed by ``fields``."""
    data = {
        "address": account.address or "aoki@example.test",
        "is_enabled": "on",
        "incoming_server": account.incoming_server_id or "",
        "receive_authentication": account.receive_authentication,
        "outgoing_server": account.outgoing_server_id or "",
        "send_authentication": account.send_authentication,
        "sent_copy": "automatic",
    }
    return MailAccountForm(data | fields, instance=account)


def saved(form: MailAccountForm) -> MailAccount:
    """The account after a form that must be valid was saved, read again."""
    assert form.is_valid(), form.errors
    return MailAccount.objects.get(pk=form.save().pk)


def blank(**values) -> MailAccount:
    """An account that is not saved yet."""
    return MailAccount(owner=make.PersonFactory(), **values)


def test_one_authorization_server_for_both_directions_needs_no_password(imap, smtp):
    form = form_of(blank(), incoming_server=imap.pk, outgoing_server=smtp.pk)
    assert form.is_valid(), form.errors
    account = form.save()
    assert account.receive_authentication == "oauth2"
    assert account.send_authentication == "same_as_receiving"


def test_a_server_without_an_authorization_server_takes_no_tokens(smtp):
    plain = make.MailServerFactory()
    form = form_of(blank(), incoming_server=plain.pk, outgoing_server=smtp.pk)
    assert "No authorization server is registered" in str(form.errors["incoming_server"])


def test_an_authorization_server_that_is_switched_off_counts_as_none(imap, smtp, microsoft):
    microsoft.is_enabled = False
    microsoft.save()
    assert (
        "incoming_server"
        in form_of(blank(), incoming_server=imap.pk, outgoing_server=smtp.pk).errors
    )


def test_same_as_receiving_needs_the_same_authorization_server(imap):
    other = make.MailServerFactory(
        protocol="smtp", authorization_server=make.AuthorizationServerFactory()
    )
    form = form_of(blank(), incoming_server=imap.pk, outgoing_server=other.pk)
    assert "different authorization servers" in str(form.errors["send_authentication"])
    assert form_of(
        blank(), incoming_server=imap.pk, outgoing_server=other.pk, send_authentication="oauth2"
    ).is_valid()


def test_a_password_must_be_given_once(imap, smtp):
    fields = {
        "incoming_server": imap.pk,
        "outgoing_server": smtp.pk,
        "receive_authentication": "password",
        "send_authentication": "password",
    }
    form = form_of(blank(), **fields)
    assert set(form.errors) == {"new_receive_password", "new_send_password"}
    form = form_of(blank(), new_receive_password="one", new_send_password=" two ", **fields)
    account = saved(form)
    assert (account.receive_password, account.send_password) == ("one", " two ")
    form = form_of(account, display_name="Aoki", **fields)
    assert saved(form).receive_password == "one"


def test_a_kept_password_never_reaches_the_page():
    account = make.MailAccountFactory(receive_password="correct horse")
    page = MailAccountForm(instance=account).as_p()
    assert "correct horse" not in page
    assert "A password is kept." in page
    again = form_of(account, new_receive_password="another horse", address="broken").as_p()
    assert "another horse" not in again


@pytest.mark.parametrize(("before", "after"), [("imap", "pop3"), ("pop3", "imap")])
def test_an_account_with_folders_keeps_its_protocol(before, after):
    account = make.MailAccountFactory(incoming_server__protocol=before)
    other = make.MailServerFactory(protocol=after)
    same = make.MailServerFactory(protocol=before)
    assert form_of(account, incoming_server=other.pk).is_valid()
    account = MailAccount.objects.get(pk=account.pk)
    make.MailboxFactory(account=account)
    form = form_of(account, incoming_server=other.pk)
    assert before.upper() in str(form.errors["incoming_server"])
    assert form_of(MailAccount.objects.get(pk=account.pk), incoming_server=same.pk).is_valid()


def test_an_account_without_an_outgoing_server_does_not_send(imap):
    form = form_of(blank(), incoming_server=imap.pk, outgoing_server="", send_authentication="")
    assert saved(form).send_authentication == "off"


def test_only_offered_servers_of_the_right_protocol_can_be_chosen(imap, smtp):
    hidden = make.MailServerFactory(is_enabled=False)
    account = make.MailAccountFactory(incoming_server=hidden)
    fresh = MailAccountForm(instance=blank())
    assert list(fresh.fields["incoming_server"].queryset) == [imap]
    assert set(MailAccountForm(instance=account).fields["incoming_server"].queryset) == {
        imap,
        hidden,
    }
    assert smtp in fresh.fields["outgoing_server"].queryset
    assert imap not in fresh.fields["outgoing_server"].queryset


def test_one_person_has_one_account_per_address(imap, smtp):
    account = make.MailAccountFactory(address="aoki@example.test")
    fields = {
        "incoming_server": imap.pk,
        "outgoing_server": smtp.pk,
        "address": "AOKI@example.test",
    }
    again = MailAccount(owner=account.owner)
    assert "already an account" in str(form_of(again, **fields).errors["address"])
    assert form_of(blank(), **fields).is_valid()


def test_saving_writes_nothing_that_receiving_writes():
    account = make.MailAccountFactory()
    form = form_of(account, display_name="New name")
    MailAccount.objects.filter(pk=account.pk).update(received_at=make.NOON, lease_owner="worker")
    assert form.is_valid(), form.errors
    form.save()
    account.refresh_from_db()
    assert (account.received_at, account.lease_owner) == (make.NOON, "worker")
    assert account.display_name == "New name"


def test_a_change_wakes_an_account_that_waited_for_its_owner():
    account = make.MailAccountFactory(receive_health="owner_required", send_health="owner_required")
    account = saved(form_of(account, new_receive_password="new one"))
    assert (account.receive_health, account.send_health) == ("untried", "untried")


def test_a_changed_address_lets_go_of_the_connection(imap, smtp, microsoft):
    grant = make.GrantFactory(server=microsoft, mailbox_address="aoki@example.test")
    account = make.MailAccountFactory(
        address="aoki@example.test",
        incoming_server=imap,
        outgoing_server=smtp,
        receive_authentication="oauth2",
        receive_grant=grant,
    )
    account = saved(form_of(account, name="Renamed", address="Aoki@Example.test"))
    assert account.receive_grant == grant
    assert saved(form_of(account, address="mori@example.test")).receive_grant is None


def test_a_server_of_another_authorization_server_lets_go_of_the_connection(imap, smtp, microsoft):
    grant = make.GrantFactory(server=microsoft)
    account = make.MailAccountFactory(
        address=grant.mailbox_address,
        incoming_server=imap,
        outgoing_server=smtp,
        receive_authentication="oauth2",
        receive_grant=grant,
        send_authentication="none",
    )
    elsewhere = make.MailServerFactory(authorization_server=make.AuthorizationServerFactory())
    assert saved(form_of(account, incoming_server=elsewhere.pk)).receive_grant is None


@pytest.mark.parametrize("name", ["owner", "kind", "receive_grant", "receive_health", "public_id"])
def test_what_is_not_a_field_cannot_be_posted(name):
    assert name not in MailAccountForm(instance=make.MailAccountFactory()).fields
