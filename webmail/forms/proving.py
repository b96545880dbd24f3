"""How each direction of an account proves who it is: what must be given, and what may be kept."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from groupware.functions.permissions import administers
from oauthservers.models import AuthorizationServer, Grant
from webmail.forms.typed_servers import FIELDS, TypedServers
from webmail.models import MailAccount, MailServer

Receive = MailAccount.ReceiveAuthentication
Send = MailAccount.SendAuthentication
#: Whoever may type these says which mailbox is opened, and in whose name is sent.
_NAMES = ("address", "authorized_as", "receive_username", "send_username")


class Proving:
    """The rules between the authentication, the servers and the secrets of one account form."""

    def __init__(self, form: Any, servers: TypedServers) -> None:
        self.form = form
        self.servers = servers

    def check(self, cleaned: dict[str, Any]) -> None:
        """Add an error wherever a direction could not prove who it is."""
        if cleaned["receive_authentication"] == Receive.OAUTH2:
            self._need_authorization_server("receive", cleaned["incoming_server"])
        else:
            self._need_password("receive", _("Enter the password for receiving."))
        choice, server = cleaned["send_authentication"], cleaned.get("outgoing_server")
        if choice == Send.PASSWORD:
            self._need_password("send", _("Enter the password for sending."))
        elif choice == Send.OAUTH2:
            self._need_authorization_server("send", server)
        elif choice == Send.SAME_AS_RECEIVING:
            self._need_one_authorization_server(cleaned, server)

    def _need_one_authorization_server(self, cleaned: dict[str, Any], server: MailServer) -> None:
        incoming = cleaned.get("incoming_server")
        if cleaned["receive_authentication"] != Receive.OAUTH2 or incoming is None:
            return
        if incoming.authorization_server_id != server.authorization_server_id:
            self.form.add_error(
                "send_authentication",
                _("The two servers use different authorization servers. Choose OAuth 2.0 here."),
            )

    def _need_password(self, direction: str, wanted: str) -> None:
        field = f"new_{direction}_password"
        if self.form.cleaned_data[field]:
            return
        if not getattr(self.form.instance, f"{direction}_password"):
            self.form.add_error(field, wanted)
        elif not self.may_keep(direction):
            moved = _("The server was changed. Enter the password again, so that it may go there.")
            self.form.add_error(field, moved)

    def _need_authorization_server(self, direction: str, server: MailServer) -> None:
        known = AuthorizationServer.objects.in_use().filter(pk=server.authorization_server_id)
        if known.exists():
            return
        message = _(
            "No authorization server is registered for %(server)s. "
            "Choose another authentication, or ask your administrator."
        )
        if self.servers.need_authorization_server(direction):
            message = _("Access tokens for %(server)s need an authorization server.")
        words = {"server": server.name or server.host}
        self.form.add_error(FIELDS[direction], ValidationError(message, params=words))

    def may_keep(self, direction: str) -> bool:
        """Whether the secrets of a direction go only where they went before, or to registered servers.

        Sending as receiving takes the secrets of receiving to the outgoing server.
        """
        server = self._chosen(direction)
        if self.servers.has_moved(direction, server):
            return False
        shares = self.form.cleaned_data.get("send_authentication") == Send.SAME_AS_RECEIVING
        if direction == "send" or not shares:
            return True
        outgoing = self._chosen("send")
        begins = "send_authentication" in self.form.changed_data
        is_typed = outgoing is not None and outgoing.is_individual
        return not (self.servers.has_moved("send", outgoing) or (begins and is_typed))

    def _chosen(self, direction: str) -> MailServer | None:
        server = self.form.cleaned_data.get(FIELDS[direction])
        return server if isinstance(server, MailServer) else None

    def fits(self, direction: str) -> bool:
        """Whether the connection that the account has still is for its sign-in address and its server."""
        account = self.form.instance
        grant = account.receive_grant if direction == "receive" else account.send_grant
        server = account.incoming_server if direction == "receive" else account.outgoing_server
        if grant is None:
            return True
        return (
            server is not None
            and grant.server_id == server.authorization_server_id
            and grant.mailbox_address.casefold() == account.sign_in_address.casefold()
        )

    def is_trusted_with(self, direction: str) -> bool:
        """Whether the connection may stay with the names that were typed.

        Connections open more than one mailbox: all of the organization, or all that a delegate may open. A new name
        beside a connection of somebody else's needs a sign-in for it, unless an administrator of webmail gives it.
        """
        account, person = self.form.instance, self.form.person
        grant = account.receive_grant if direction == "receive" else account.send_grant
        if grant is None or not any(map(self._is_renamed, _NAMES)):
            return True
        if person is None:
            return False
        is_own = grant.access == Grant.Access.DELEGATED and grant.created_by_id == person.pk
        return is_own or administers(person, "webmail")

    def _is_renamed(self, name: str) -> bool:
        before, typed = self.form.initial.get(name), self.form.cleaned_data.get(name)
        return str(before or "").casefold() != str(typed or "").casefold()
