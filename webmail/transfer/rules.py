"""The rules between the cells of a row: each direction of an account must be able to prove who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from webmail import account_rows
from webmail.models import MailAccount, MailServer
from webmail.transfer.surroundings import Surroundings

if TYPE_CHECKING:
    from webmail.transfer.planning import PlannedRow

Receive = MailAccount.ReceiveAuthentication
Send = MailAccount.SendAuthentication


def check(row: PlannedRow, around: Surroundings) -> None:
    """Note what does not go together, and let go of connections that are for another server or mailbox."""
    account = row.account
    assert account is not None
    incoming = around.servers_by_pk[account.incoming_server_id]
    outgoing = around.servers_by_pk.get(account.outgoing_server_id)
    _protocol(row, account, incoming, around)
    _receiving(row, account, incoming, around)
    if outgoing is not None:
        _sending(row, account, incoming, outgoing, around)
    for direction, server in (("receive", incoming), ("send", outgoing)):
        grant = around.grants.get(getattr(account, f"{direction}_grant_id"))
        if account.pk and not account_rows.fits(account, grant, server):
            setattr(account, f"{direction}_grant_id", None)
            row.columns.add(f"{direction}_grant_id")


def _protocol(
    row: PlannedRow, account: MailAccount, incoming: MailServer, around: Surroundings
) -> None:
    before = around.accounts.get((account.owner_id, account.address.casefold()))
    if before is None or account.pk not in around.with_mail:
        return
    server = around.servers_by_pk[before.incoming_server_id]
    if server.protocol != incoming.protocol:
        row.wrong(
            "incoming_server",
            _(
                "The account keeps mail that came by %(protocol)s and cannot change to another protocol."
            )
            % {"protocol": server.get_protocol_display()},
            server.key,
        )


def _receiving(
    row: PlannedRow, account: MailAccount, incoming: MailServer, around: Surroundings
) -> None:
    if account.receive_authentication == Receive.OAUTH2:
        _needs_authorization_server(row, "receive_authentication", incoming, around)
    elif not account.has_secret("receive_password"):
        row.wrong("receive_password", _("Receiving with a password needs one."), _("the password"))


def _sending(
    row: PlannedRow,
    account: MailAccount,
    incoming: MailServer,
    server: MailServer,
    around: Surroundings,
) -> None:
    how = account.send_authentication
    if how == Send.PASSWORD and not account.has_secret("send_password"):
        row.wrong("send_password", _("Sending with a password needs one."), _("the password"))
    elif how == Send.OAUTH2:
        _needs_authorization_server(row, "send_authentication", server, around)
    elif how == Send.SAME_AS_RECEIVING and account.receive_authentication == Receive.OAUTH2:
        if server.authorization_server_id != incoming.authorization_server_id:
            row.wrong(
                "send_authentication",
                _("The two servers use different authorization servers."),
                "oauth2",
            )
    elif how == Send.OFF:
        row.wrong(
            "send_authentication",
            _("The row names an outgoing mail server and says that the account does not send."),
            "same_as_receiving",
        )


def _needs_authorization_server(
    row: PlannedRow, column: str, server: MailServer, around: Surroundings
) -> None:
    if server.authorization_server_id not in around.authorization_servers:
        row.wrong(
            column,
            _("No authorization server is registered for %(server)s.") % {"server": server.key},
            "password",
        )
