"""Servers typed in for one account: who may, what is refused, and that no secret follows to a new host."""

from __future__ import annotations

import pytest

from tests.factories import webmail as make
from tests.webmail.forms.test_account import blank, form_of, saved
from webmail.forms.account import MailAccountForm
from webmail.models import MailAccount, MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loopback(settings) -> None:
    """Names that resolve without a network."""
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8", "::1/128"]


@pytest.fixture
def issuer():
    """A registered authorization server."""
    return make.AuthorizationServerFactory()


def typing(account: MailAccount, **fields) -> MailAccountForm:
    """The form of somebody who may type in servers, with a typed server for receiving."""
    data = {
        "incoming_server": "typed",
        "typed_receive-protocol": "imap",
        "typed_receive-host": "localhost",
        "typed_receive-port": "993" if account.pk else "",
        "typed_receive-security": "tls",
        "typed_receive-verify_certificate": "on",
        "typed_receive-verify_name": "on",
    }
    if account.send_authentication == "off":  # no button stands for it: there is no outgoing server
        data["send_authentication"] = ""
    bound = form_of(account, **(data | fields))
    return MailAccountForm(bound.data, instance=account, allows_typing=True)


def with_typed_server(**values) -> MailAccount:
    """An account with a typed server and a password."""
    account = blank(receive_authentication="password")
    form = typing(account, new_receive_password="correct horse", outgoing_server="", **values)
    return saved(form)


def test_a_typed_server_belongs_to_its_account_and_is_offered_to_nobody_else() -> None:
    account = with_typed_server()
    server = account.incoming_server
    assert (server.host, server.port, server.protocol) == ("localhost", 993, "imap")
    assert server.is_individual
    assert not MailServer.objects.offered().filter(pk=server.pk).exists()
    others = MailAccountForm(instance=blank(), allows_typing=True)
    assert not others.fields["incoming_server"].queryset.filter(pk=server.pk).exists()


def test_who_may_not_type_in_a_server_cannot_post_one() -> None:
    bound = typing(blank(receive_authentication="password"), new_receive_password="x")
    form = MailAccountForm(bound.data, instance=blank())
    assert "incoming_server" in form.errors
    assert ("typed", "Type in a server") not in list(form.fields["incoming_server"].choices)


def test_who_may_not_type_keeps_what_an_administrator_typed() -> None:
    account = with_typed_server()
    kept = saved(form_of(account, name="Renamed", send_authentication=""))
    assert kept.incoming_server.host == "localhost"
    assert kept.receive_password == "correct horse"


def test_a_changed_host_changes_the_one_row() -> None:
    account = with_typed_server()
    changed = saved(
        typing(account, **{"typed_receive-host": "127.0.0.1", "new_receive_password": "new"})
    )
    assert changed.incoming_server_id == account.incoming_server_id
    assert changed.incoming_server.host == "127.0.0.1"
    assert MailServer.objects.filter(is_individual=True).count() == 1


def test_choosing_a_registered_server_again_removes_the_typed_one() -> None:
    account = with_typed_server()
    registered = make.MailServerFactory()
    saved(typing(account, incoming_server=registered.pk))
    assert not MailServer.objects.filter(is_individual=True).exists()


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"typed_receive-host": ""}, "host", "required"),
        ({"typed_receive-host": "imap.example.com:993"}, "host", "imap.example.com"),
        ({"typed_receive-host": "10.0.0.1"}, "host", "inside this network"),
        ({"typed_receive-host": "no-such-host.invalid"}, "host", "not known"),
        ({"typed_receive-port": "70000"}, "port", "65535"),
        ({"typed_receive-protocol": "smtp"}, "protocol", "smtp"),
        ({"typed_receive-ca_certificates": "nonsense"}, "ca_certificates", "PEM"),
    ],
)
def test_a_server_that_cannot_be_right_is_refused_at_its_field(fields, name, words) -> None:
    account = blank(receive_authentication="password")
    form = typing(account, new_receive_password="x", **fields)
    assert not form.is_valid()
    assert words in str(form.typed_receive.errors[name])
    assert not MailServer.objects.filter(is_individual=True).exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"typed_receive-host": "127.0.0.1"},
        {"typed_receive-port": "1143"},
        {"typed_receive-security": "none"},
        {"typed_receive-verify_certificate": ""},
    ],
)
def test_a_kept_password_does_not_follow_to_another_server(fields) -> None:
    account = with_typed_server()
    form = typing(account, **fields)
    assert "Enter the password again" in str(form.errors["new_receive_password"])


def test_a_typed_server_does_not_take_the_password_of_a_registered_one() -> None:
    account = make.MailAccountFactory()
    assert "new_receive_password" in typing(account).errors


def test_a_connection_does_not_follow_to_another_server(issuer) -> None:
    account = blank(receive_authentication="oauth2")
    fields = {"typed_receive-authorization_server": issuer.pk, "outgoing_server": ""}
    account = saved(typing(account, **fields))
    grant = make.GrantFactory(server=issuer, mailbox_address=account.address)
    MailAccount.objects.filter(pk=account.pk).update(receive_grant=grant)
    account.refresh_from_db()
    assert saved(typing(account, name="Renamed", **fields)).receive_grant == grant
    moved = typing(account, **fields, **{"typed_receive-host": "127.0.0.1"})
    assert saved(moved).receive_grant is None


def test_secrets_of_receiving_do_not_follow_to_a_typed_server_for_sending(issuer) -> None:
    grant = make.GrantFactory(server=issuer)
    account = make.MailAccountFactory(
        address=grant.mailbox_address,
        incoming_server=make.MailServerFactory(authorization_server=issuer),
        receive_authentication="oauth2",
        receive_grant=grant,
    )
    fields = {
        "incoming_server": account.incoming_server_id,
        "outgoing_server": "typed",
        "typed_send-host": "localhost",
        "typed_send-security": "starttls",
        "typed_send-authorization_server": issuer.pk,
        "send_authentication": "same_as_receiving",
    }
    changed = saved(typing(account, **fields))
    assert changed.receive_grant is None
    assert changed.outgoing_server.port == 587

    own = typing(changed, **fields | {"send_authentication": "none"})
    changed = saved(own)
    MailAccount.objects.filter(pk=changed.pk).update(receive_grant=grant)
    changed.refresh_from_db()
    assert saved(typing(changed, **fields)).receive_grant is None


def test_tokens_need_an_authorization_server_beside_the_typed_host() -> None:
    form = typing(blank(receive_authentication="oauth2"))
    assert not form.is_valid()
    assert "Choose the server" in str(form.typed_receive.errors["authorization_server"])


def test_an_account_with_folders_keeps_its_protocol_on_a_typed_server() -> None:
    account = with_typed_server()
    make.MailboxFactory(account=account)
    form = typing(account, **{"typed_receive-protocol": "pop3", "new_receive_password": "x"})
    assert "needs a new account" in str(form.errors["incoming_server"])
    account.refresh_from_db()
    assert account.incoming_server.protocol == "imap"
