"""Write the settings of many accounts in few statements, with the same consequences as saving each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from groupware.audit.record import record_each
from webmail.models import MailAccount

Health = MailAccount.Health
_AGAIN = ("receive_health", "receive_failures", "next_sync_at", "send_health")
_BATCH = 1000


def fits(account: MailAccount, direction: str) -> bool:
    """Whether the connection of one direction is for the account's address and server; none at all fits."""
    grant = account.receive_grant if direction == "receive" else account.send_grant
    server = account.incoming_server if direction == "receive" else account.outgoing_server
    if grant is None:
        return True
    return (
        server is not None
        and grant.server_id == server.authorization_server_id
        and grant.mailbox_address.casefold() == account.sign_in_address.casefold()
    )


def add(accounts: Sequence[MailAccount]) -> None:
    """Create accounts, due to be received at once."""
    now = timezone.now()
    for account in accounts:
        account.next_sync_at = now
    MailAccount.objects.bulk_create(accounts, batch_size=_BATCH)


def change(accounts: Sequence[MailAccount], columns: Iterable[str]) -> None:
    """Write ``columns`` of accounts that exist, and try both directions again.

    One statement a thousand rows: an insert that meets its own key and becomes an update of those columns alone, so
    what receiving writes meanwhile stays. Nothing is added: the caller has read the rows under a lock.
    """
    now = timezone.now()
    for account in accounts:
        account.receive_health = account.send_health = Health.UNTRIED
        account.receive_failures = 0
        account.next_sync_at = now
    if accounts:
        MailAccount.objects.bulk_create(
            accounts,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=sorted({*columns, *_AGAIN}),
            batch_size=_BATCH,
        )


def tell(event: str, accounts: Iterable[tuple[MailAccount, Iterable[str]]], **details: Any) -> None:
    """Record one audit event for each account with the names of its changed fields."""
    record_each(
        event, ((account, {"fields": sorted(fields), **details}) for account, fields in accounts)
    )
