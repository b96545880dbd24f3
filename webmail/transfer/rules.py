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
    _protocol(row, account, around)
    _receiving(row, account, around)
    if account.outgoing_server is not None:
        _sending(row, account, around)
    for direction in ("receive", "send"):
        if account.pk and not account_rows.fits(account, direction):
            setattr(account, f"{direction}_grant", None)
            row.columns.add(f"{direction}_grant")


def _protocol(row: PlannedRow, account: MailAccount, around: Surroundings) -> None:
    before = around.accounts.get((account.owner_id, account.address.casefold()))
    if before is None or account.pk not in around.with_mail:
        return
    if before.incoming_server.protocol != account.incoming_server.protocol:
        row.wrong(
            "incoming_server",
            _(
                "The account keeps mail that came by %(protocol)s and cannot change to another protocol."
            )
            % {"protocol": before.incoming_server.get_protocol_display()},
            before.incoming_server.key,
        )


def _receiving(row: PlannedRow, account: MailAccount, around: Surroundings) -> None:
    if account.receive_authentication == Receive.OAUTH2:
        _needs_authorization_server(row, "receive_authentication", account.incoming_server, around)
    elif not account.has_secret("receive_password"):
        row.wrong("receive_password", _("Receiving with a password needs one."), _("the password"))


def _sending(row: PlannedRow, account: MailAccount, around: Surroundings) -> None:
    server, how = account.outgoing_server, account.send_authentication
    if how == Send.PASSWORD and not account.has_secret("send_password"):
        row.wrong("send_password", _("Sending with a password needs one."), _("the password"))
    elif how == Send.OAUTH2:
        _needs_authorization_server(row, "send_authentication", server, around)
    elif how == Send.SAME_AS_RECEIVING and account.receive_authentication == Receive.OAUTH2:
        if server.authorization_server_id != account.incoming_server.authorization_server_id:
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
