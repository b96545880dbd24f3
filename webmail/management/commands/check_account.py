"""``manage.py check_account ADDRESS``: what works and what does not, step by step."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webmail import diagnosis
from webmail.check_steps import GROUPS
from webmail.management.commands._accounts import accounts_at


class Command(BaseCommand):
    """Check receiving and sending of a mail account; the exit status is 1 when a step fails."""

    help = "Tells step by step what works for a mail account: name, connection, token, sign-in, folder, sender."

    def add_arguments(self, parser: CommandParser) -> None:
        """One mail address."""
        parser.add_argument("address", help="the mail address of the account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each step, and the remedy below one that fails."""
        is_fine = True
        for account in accounts_at(options["address"]):
            self.stdout.write(f"{account.address} ({account.owner}, {account.incoming_server})")
            for step in diagnosis.check(account):
                is_fine = is_fine and step.is_fine
                self._print(step)
        if not is_fine:
            raise CommandError("Not everything works.")

    def _print(self, step: diagnosis.Step) -> None:
        mark = self.style.SUCCESS("ok    ") if step.is_fine else self.style.ERROR("failed")
        group = f"{GROUPS[step.direction]}:"
        words = f"{group} {step.label}: {step.detail}".rstrip(": ")
        self.stdout.write(f"  {mark} {words} [{step.milliseconds} ms]")
        if not step.is_fine:
            self.stdout.write(f"         {step.explanation()} ({step.code})")
        for number, act in enumerate(step.steps, 1):
            self.stdout.write(f"         {number}. {act}")
        if step.server_text:
            self.stdout.write(f"         The server says: {step.server_text}")
