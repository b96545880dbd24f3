"""``manage.py revoke_grants``: end connections here and at their servers."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from groupware.users.models import User
from oauthservers import revoking
from oauthservers.models import AuthorizationServer, Grant, GrantQuerySet, PendingRevocation
from webmail.management.commands._accounts import accounts_at


class Command(BaseCommand):
    """Tokens are erased at once; servers that do not answer are told later by the workers."""

    help = (
        "Ends connections of a person, a server, a mail account or of everybody: erases their tokens and tells the "
        "servers. Owners have to authorize their mailboxes again; mail that is here stays."
    )
    stealth_options = ("stdin",)

    def add_arguments(self, parser: CommandParser) -> None:
        """What to end; several filters narrow it down together."""
        parser.add_argument("--user", help="user name or e-mail address of a person")
        parser.add_argument("--server", help="key of an authorization server")
        parser.add_argument("--account", help="mail address of an account")
        parser.add_argument("--all", action="store_true", help="every connection there is")
        parser.add_argument("--dry-run", action="store_true", help="only show what would end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show what ends, ask, end it."""
        grants = list(self._wanted(options).select_related("server", "created_by"))
        for grant in grants:
            owner = grant.created_by or "-"
            self.stdout.write(f"{grant.mailbox_address}  {grant.server.key}  {owner}")
        if not grants:
            raise CommandError("There is no such connection.")
        if options["dry_run"]:
            self.stdout.write(f"{len(grants)} connections would end.")
            return
        self._ask(len(grants), options.get("stdin") or sys.stdin)
        for grant in grants:
            revoking.release(grant, "revoke_grants", "ended_by_administrator")
        told = revoking.tell_servers()
        waiting = PendingRevocation.objects.count()
        self.stdout.write(
            f"{len(grants)} connections ended; {told} servers took note, {waiting} have to be told later."
        )

    def _wanted(self, options: dict[str, Any]) -> GrantQuerySet:
        grants = Grant.objects.exclude(state=Grant.State.REVOKED)
        filters = [name for name in ("user", "server", "account") if options[name]]
        if bool(filters) == options["all"]:
            raise CommandError("Give --user, --server or --account, or else --all.")
        if options["user"]:
            person = User.objects.signing_in_with(options["user"]).first()
            if person is None:
                raise CommandError(f"There is nobody called {options['user']}.")
            grants = grants.filter(created_by=person)
        if options["server"]:
            server = AuthorizationServer.objects.filter(key=options["server"]).first()
            if server is None:
                raise CommandError(f"There is no authorization server {options['server']}.")
            grants = grants.filter(server=server)
        if options["account"]:
            accounts = accounts_at(options["account"])
            grants = grants.filter(
                Q(receiving_accounts__in=accounts) | Q(sending_accounts__in=accounts)
            ).distinct()
        return grants.order_by("pk")

    def _ask(self, count: int, answers: Any) -> None:
        self.stdout.write(f"End {count} connections? Their owners must authorize again. [yes/no] ")
        self.stdout.flush()
        if answers.readline().strip().lower() != "yes":
            raise CommandError("Nothing was changed.")
