"""``manage.py verify_accounts``: check all mail accounts, or some, and say in a table which work."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.models import Q

from webmail import diagnosis
from webmail.check_steps import GROUPS, Step
from webmail.error_messages import RECEIVE, SEND
from webmail.models import MailAccount

_RELATED = (
    "owner",
    "receive_grant__server",
    "send_grant__server",
    "incoming_server__authorization_server",
    "outgoing_server__authorization_server",
)
_MOST_AT_ONCE = 32


class Command(BaseCommand):
    """Signs in everywhere as "Check this mailbox" does; nothing is changed and no message is sent."""

    help = "Checks mail accounts and prints a line for each. The exit status is 1 when one of them does not work."

    def add_arguments(self, parser: CommandParser) -> None:
        """Filters narrow it down together; without one, every account in use is checked."""
        parser.add_argument("--address", help="one mail address")
        parser.add_argument("--server", help="key of a mail server or an authorization server")
        parser.add_argument(
            "--failing", action="store_true", help="only accounts that do not work at the moment"
        )
        parser.add_argument(
            "--parallel",
            type=int,
            default=4,
            help="how many at once, at most %(default)s by default",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, print a line for each account, then the sum."""
        pks = list(self._wanted(options).values_list("pk", flat=True))
        if not pks:
            raise CommandError("There is no such account.")
        at_once = min(max(options["parallel"], 1), _MOST_AT_ONCE)
        failing = 0
        with ThreadPoolExecutor(at_once) as pool:
            for account, failed in pool.map(_checked, pks):
                if account is not None:
                    failing += bool(failed)
                    self._print(account, failed)
        self.stdout.write(f"{len(pks) - failing} work, {failing} do not.")
        if failing:
            raise CommandError("Not everything works.")

    def _wanted(self, options: dict[str, Any]) -> Any:
        accounts = MailAccount.objects.in_use().order_by("address", "pk")
        if address := options["address"]:
            accounts = accounts.filter(address__iexact=address)
        if key := options["server"]:
            accounts = accounts.filter(
                Q(incoming_server__key=key)
                | Q(outgoing_server__key=key)
                | Q(incoming_server__authorization_server__key=key)
                | Q(outgoing_server__authorization_server__key=key)
            )
        if options["failing"]:
            fine = [MailAccount.Health.WORKING, MailAccount.Health.UNTRIED]
            accounts = accounts.exclude(receive_health__in=fine, send_health__in=fine)
        return accounts

    def _print(self, account: MailAccount, failed: list[Step]) -> None:
        words = {step.direction: step.code for step in failed}
        mark = self.style.ERROR("failed") if failed else self.style.SUCCESS("ok    ")
        found = "  ".join(
            f"{GROUPS[direction]}: {words.get(direction, 'ok')}" for direction in (RECEIVE, SEND)
        )
        self.stdout.write(f"{mark}  {account.address}  {found}")


def _checked(pk: int) -> tuple[MailAccount | None, list[Step]]:
    try:
        account = MailAccount.objects.select_related(*_RELATED).filter(pk=pk).first()
        return account, list(_failures(account)) if account else []
    finally:
        connection.close()  # each thread of the pool has one of its own


def _failures(account: MailAccount) -> Iterator[Step]:
    return (step for step in diagnosis.check(account) if not step.is_fine)
