"""Which mail account a command means."""

from __future__ import annotations

from django.core.management.base import CommandError

from webmail.models import MailAccount


def accounts_at(address: str) -> list[MailAccount]:
    """The accounts with this address, of whomever. Raises CommandError when there is none."""
    related = ("incoming_server", "outgoing_server", "owner")
    found = list(MailAccount.objects.select_related(*related).filter(address__iexact=address))
    if not found:
        raise CommandError(f"There is no mail account {address}.")
    return found
