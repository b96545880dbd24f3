"""``manage.py sync_account ADDRESS``: receive an account in this process."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webmail import outbox, sync
from webmail.management.commands._accounts import accounts_at


class Command(BaseCommand):
    """Receive once; the exit status is 1 when it fails."""

    help = "Receives a mail account now, in this process, and says how it went."

    def add_arguments(self, parser: CommandParser) -> None:
        """One mail address."""
        parser.add_argument("address", help="the mail address of the account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Receive until nothing is left."""
        failed = False
        for account in accounts_at(options["address"]):
            outcome = sync.sync_account(account.pk)
            while outcome == sync.Outcome.MORE:
                outcome = sync.sync_account(account.pk)
            outbox.reconcile(account.pk)
            account.refresh_from_db()
            reason = f" ({account.receive_error_code})" if outcome == sync.Outcome.FAILED else ""
            self.stdout.write(f"{account.address}: {outcome}{reason}")
            failed = failed or outcome == sync.Outcome.FAILED
        if failed:
            raise CommandError("Receiving failed.")
