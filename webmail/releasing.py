"""Giving up connections that no mail account needs any more.

An account that is removed gives its connection up in the same transaction. What ends without a word to webmail, a
person who may not sign in any more or an account that was switched off, is found by a sweep. A connection that another
account in use still opens its mailbox with stays, and so does one that its owner made and bound to nothing yet.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from oauthservers import revoking
from oauthservers.models import Grant
from webmail.models import MailAccount
from webmail.signals import account_removed

#: A switch that was turned by mistake costs nothing for so long.
SWITCHED_OFF_FOR = timedelta(days=1)


@receiver(account_removed, dispatch_uid="webmail.releasing")
def _removed(account: MailAccount, **_arguments: Any) -> None:
    for grant in {account.receive_grant, account.send_grant} - {None}:
        if not _uses(MailAccount.objects.kept().exclude(pk=account.pk), grant.pk).exists():
            revoking.release(grant, "account deleted")


@receiver(pre_delete, sender=settings.AUTH_USER_MODEL, dispatch_uid="webmail.releasing")
def _deleted(instance: Any, **_arguments: Any) -> None:
    for grant in Grant.objects.filter(created_by=instance):
        if not _uses(MailAccount.objects.kept().exclude(owner=instance), grant.pk).exists():
            revoking.release(grant, "person deleted")
        _become_nobodys(grant.pk)


def _become_nobodys(pk: Any) -> None:
    """Make room: the grant of somebody who is deleted becomes nobody's, of which a mailbox has one at a server."""
    grant = Grant.objects.get(pk=pk)
    other = Grant.objects.of_mailbox(grant.server, None, grant.mailbox_address).first()
    if other is None:
        return
    is_needed = grant.state == Grant.State.ACTIVE and other.state != Grant.State.ACTIVE
    kept, spare = (grant, other) if is_needed else (other, grant)
    for column in ("receive_grant", "send_grant"):
        MailAccount.objects.filter(**{column: spare}).update(**{column: kept})
    revoking.release(spare, "person deleted")
    spare.delete()


def release_unused() -> int:
    """Give up connections of people who may not sign in, and of accounts that are switched off; how many."""
    accounts = MailAccount.objects
    left = _without(accounts.in_use()).filter(created_by__is_active=False)
    off = _without(accounts.kept().filter(is_enabled=True)).filter(
        _bound(), last_used_at__lt=timezone.now() - SWITCHED_OFF_FOR
    )
    count = 0
    for reason, grants in (("person deactivated", left), ("account switched off", off)):
        for grant in grants:
            revoking.release(grant, reason)
            count += 1
    return count


def _without(accounts: QuerySet[MailAccount]) -> QuerySet[Grant]:
    """Living grants that none of ``accounts`` opens its mailbox with."""
    living = Grant.objects.exclude(state=Grant.State.REVOKED)
    return living.exclude(Exists(_uses(accounts, OuterRef("pk"))))


def _bound() -> Exists:
    return Exists(_uses(MailAccount.objects.all(), OuterRef("pk")))


def _uses(accounts: QuerySet[MailAccount], grant: Any) -> QuerySet[MailAccount]:
    return accounts.filter(Q(receive_grant=grant) | Q(send_grant=grant))
