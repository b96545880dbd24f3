"""Who is invited, to which mailboxes, and when that is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from groupware import many_rows
from groupware.audit.record import record_each
from groupware.notices.mailing import address_for
from oauthservers.models import AuthorizationServer
from webmail import token_states as states
from webmail.models import AccountMember, Invitation, MailAccount

VALID_FOR = timedelta(days=14)
#: Whoever was invited within this time is not written to again by a press that is meant for everybody.
_JUST_NOW = timedelta(hours=1)
_WAITING = {states.NOT_AUTHORIZED, states.WAITING_FOR_APPROVAL, states.AUTHORIZATION_NEEDED}
_SETTLED = {states.ACTIVE, states.EXPIRED, states.NONE}
_READ = (
    "public_id",
    "name",
    "address",
    *(f"owner__{name}" for name in ("username", "is_active", "notice_address", "email")),
)
_EVERYBODY = AuthorizationServer.Access.APPLICATION


def needing(accounts: QuerySet[MailAccount]) -> QuerySet[MailAccount]:
    """Those of ``accounts`` that only somebody's sign-in can help: switched on, and not opened for everybody."""
    in_use = accounts.filter(is_enabled=True, removed_at=None).exclude(owner__is_active=False)
    return in_use.filter(states.in_state(_WAITING)).exclude(
        Q(incoming_server__authorization_server__access=_EVERYBODY)
        & (Q(outgoing_server=None) | Q(outgoing_server__authorization_server__access=_EVERYBODY))
    )


def _silent_addresses(invited: Iterable[MailAccount]) -> set[str]:
    """Mailboxes in which nobody would read an invitation: those invited, and others that wait for a sign-in."""
    waiting = needing(MailAccount.objects.order_by()).values_list("address", flat=True)
    return {address.casefold() for address in (*waiting, *(one.address for one in invited))}


def waiting_for(user: Any) -> QuerySet[MailAccount]:
    """The mailboxes that wait for ``user``: their own, and shared ones that they manage themselves."""
    managed = AccountMember.objects.filter(
        account=OuterRef("pk"), user=user, role=AccountMember.Role.MANAGER
    )
    mine = Q(owner=user, kind=MailAccount.Kind.PERSONAL) | (
        Q(Exists(managed), kind=MailAccount.Kind.SHARED)
    )
    return needing(MailAccount.objects.filter(mine))


def live() -> Q:
    """Condition of invitations that may still be followed."""
    return Q(used_at=None, withdrawn_at=None, expires_at__gt=timezone.now())


def not_just_invited(accounts: QuerySet[MailAccount]) -> QuerySet[MailAccount]:
    """Those of ``accounts`` nobody was invited to within the hour: a button for thousands is pressed twice some day."""
    since = timezone.now() - _JUST_NOW
    recent = Invitation.objects.filter(live(), account=OuterRef("pk"), created_at__gt=since)
    return accounts.exclude(Exists(recent))


@dataclass(frozen=True)
class Outcome:
    """How many were invited; how many of those on the screen only; how many had nobody to invite."""

    invited: int = 0
    without_address: int = 0
    nobody: int = 0


def invite(accounts: QuerySet[MailAccount], by: Any) -> Outcome:
    """Invite whoever can authorize each of ``accounts``; a live invitation of the same mailbox is replaced.

    A fixed number of statements for any number of accounts. The mails are sent by a task of the caller.
    """
    now = timezone.now()
    with transaction.atomic():
        found = list(accounts.select_related("owner").only(*_READ))
        managers = _managers([account.pk for account in found if account.owner_id is None])
        silent = _silent_addresses(found)
        rows = []
        for account in found:
            recipient = account.owner or managers.get(account.pk)
            if recipient is None:
                continue
            offered = (recipient.notice_address, recipient.email)
            unread = [one for one in offered if one.casefold() in silent]
            address = address_for(recipient, unread)
            rows.append(
                Invitation(
                    account=account,
                    recipient=recipient,
                    invited_by=by,
                    address=address,
                    expires_at=now + VALID_FOR,
                    next_send_at=now if address else None,
                )
            )
        earlier = Invitation.objects.filter(live(), account__in=[row.account_id for row in rows])
        earlier.update(withdrawn_at=now, next_send_at=None)
        many_rows.insert(
            rows, ("public_id", "account_id", "recipient_id", "address", "next_send_at")
        )
        record_each(
            "webmail.account.invited",
            [
                (r.account, {"person": r.recipient.username, "by_mail": bool(r.address)})
                for r in rows
            ],
            actor=by,
        )
    return Outcome(len(rows), sum(not r.address for r in rows), len(found) - len(rows))


def _managers(accounts: list[int]) -> dict[int, Any]:
    """The first person who manages each shared account."""
    members = AccountMember.objects.filter(
        account__in=accounts, role=AccountMember.Role.MANAGER, user__is_active=True
    )
    found: dict[int, Any] = {}
    for member in members.select_related("user").order_by("pk"):
        found.setdefault(member.account_id, member.user)
    return found


def withdraw(invitations: QuerySet[Invitation]) -> int:
    """Make invitations that are still live useless; return how many."""
    now = timezone.now()
    with transaction.atomic():
        named = invitations.filter(live()).order_by().values_list("pk", "account_id")
        found = dict(named.select_for_update())
        Invitation.objects.filter(pk__in=found).update(withdrawn_at=now, next_send_at=None)
        accounts = MailAccount.objects.filter(pk__in=found.values())
        told = accounts.only("public_id", "name", "address").order_by()
        record_each("webmail.account.invitation_withdrawn", [(one, {}) for one in told])
    return len(found)


def authorized() -> Q:
    """Condition of accounts that no longer wait for a sign-in."""
    return states.in_state(_SETTLED)


def settle() -> int:
    """End the invitations whose mailboxes are authorized; return how many."""
    open_ones = Invitation.objects.filter(used_at=None, withdrawn_at=None)
    settled = MailAccount.objects.filter(authorized(), pk=OuterRef("account_id"))
    ended = open_ones.filter(Exists(settled.values("pk")))
    return ended.update(used_at=timezone.now(), next_send_at=None)
