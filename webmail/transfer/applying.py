"""Do what a preview has shown, all of it or nothing; and forget files that nobody applied."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from webmail import account_rows
from webmail.models import AccountImport, AccountMember, MailAccount
from webmail.transfer.planning import ADD, CHANGE, Plan, PlannedRow, plan
from webmail.transfer.reading import table
from webmail.transfer.surroundings import look_around

KEPT = timedelta(hours=24)


class ChangedMeanwhileError(Exception):
    """Accounts, people or servers changed after the preview: what would happen now is something else."""


def apply(found: AccountImport, accounts: Any, fingerprint: str) -> Plan:
    """Apply an uploaded file in one transaction and erase it; return what was done.

    ``fingerprint`` is that of the preview: the rows are read again under a lock and planned again, and when the plan
    is another one, ChangedMeanwhileError is raised and nothing is changed. Rows with problems are left out.
    """
    with transaction.atomic():
        locked = AccountImport.objects.select_for_update().get(pk=found.pk)
        if locked.applied_at or not locked.content:
            raise ChangedMeanwhileError
        made = plan(table(locked.content), accounts.select_for_update(of=("self",)))
        if made.fingerprint != fingerprint:
            raise ChangedMeanwhileError
        added, changed = made.of(ADD), made.of(CHANGE)
        account_rows.add([row.account for row in added if row.account], _columns(added))
        written = [row for row in changed if row.columns]
        account_rows.change([row.account for row in written if row.account], _columns(written))
        _write_members([row for row in (*added, *changed) if row.members is not None])
        account_rows.tell("webmail.account.created", _facts(added), by_import=True)
        account_rows.tell("webmail.account.updated", _facts(changed), by_import=True)
        locked.content = ""
        locked.applied_at = timezone.now()
        locked.result = made.counts
        locked.save(update_fields=["content", "applied_at", "result"])
    return made


def _columns(rows: list[PlannedRow]) -> set[str]:
    return {column for row in rows for column in row.columns}


def _facts(rows: list[PlannedRow]) -> list[tuple[MailAccount, list[str]]]:
    return [(row.account, row.fields) for row in rows if row.account is not None]


def _write_members(rows: list[PlannedRow]) -> None:
    """Replace the members of shared accounts."""
    if not rows:
        return
    around = look_around(MailAccount.objects.none())
    identities = [row.account.public_id for row in rows if row.account]
    written = MailAccount.objects.filter(public_id__in=identities)
    pks = dict(written.values_list("public_id", "pk"))
    AccountMember.objects.filter(account__in=pks.values()).delete()
    made = []
    for row in rows:
        account = pks[row.account.public_id] if row.account else None
        for (sort, name), role in (row.members or {}).items():
            who = (
                {"user_id": around.people[name.casefold()].pk}
                if sort == "user"
                else {"unit": around.units[name]}
            )
            made.append(AccountMember(account_id=account, role=role, **who))
    AccountMember.objects.bulk_create(made)


def sweep() -> int:
    """Erase uploaded files that were not applied within a day; return how many."""
    old = AccountImport.objects.filter(applied_at=None, created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]
