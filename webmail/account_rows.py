"""Write the settings of many accounts in few statements, with the same consequences as saving each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from django.utils import timezone

from groupware import many_rows
from groupware.audit.record import record_each
from webmail.models import MailAccount, MailServer

Health = MailAccount.Health


class Connection(Protocol):
    """What is looked at of a connection (``Grant``)."""

    server_id: int
    mailbox_address: str


def fits(account: MailAccount, grant: Connection | None, server: MailServer | None) -> bool:
    """Whether a connection is for the account's address and for the mail server of its direction; none at all fits."""
    if grant is None:
        return True
    return (
        server is not None
        and grant.server_id == server.authorization_server_id
        and grant.mailbox_address.casefold() == account.sign_in_address.casefold()
    )


def add(accounts: Sequence[MailAccount], columns: Iterable[str]) -> None:
    """Create accounts, due to be received at once; ``columns`` are those in which they differ besides whose they are.

    The accounts do not learn their primary keys.
    """
    now = timezone.now()
    for account in accounts:
        account.next_sync_at = now
    many_rows.insert(accounts, {*columns, "public_id", "kind", "owner_id", "address"})


def change(accounts: Sequence[MailAccount], columns: Iterable[str]) -> None:
    """Write ``columns`` of accounts that exist and nothing else of them, and try both directions again."""
    many_rows.update(
        accounts,
        columns,
        receive_health=Health.UNTRIED,
        receive_failures=0,
        send_health=Health.UNTRIED,
        next_sync_at=timezone.now(),
    )


def tell(event: str, accounts: Iterable[tuple[MailAccount, Iterable[str]]], **details: Any) -> None:
    """Record one audit event for each account with the names of its changed fields."""
    record_each(
        event, ((account, {"fields": sorted(fields), **details}) for account, fields in accounts)
    )
