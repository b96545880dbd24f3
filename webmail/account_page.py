"""What the account form shows beside its fields: the same for the owner, a shared manager and an administrator."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from groupware.functions.permissions import administers
from webmail import token_status
from webmail.forms.account import MailAccountForm
from webmail.models import AccountMember, MailAccount, MailServer, WebmailPolicy


def may_type_servers(user: Any) -> bool:
    """Whether ``user`` may type in a server that is not registered."""
    return WebmailPolicy.current().allows_individual_servers or administers(user, "webmail")


def form_for(
    user: Any, account: MailAccount, data: Any = None, initial: dict[str, Any] | None = None
) -> MailAccountForm:
    """The account form with what ``user`` may choose."""
    allows_typing = may_type_servers(user)
    return MailAccountForm(
        data, instance=account, initial=initial, allows_typing=allows_typing, person=user
    )


def shown(form: MailAccountForm, account: MailAccount | None, user: Any) -> dict[str, Any]:
    """The context of ``webmail/_account_fields.html``. ``account`` is the saved one, or nothing when it is new."""
    statuses = token_status.statuses_of(account, user) if account else {}
    waiting = [name for name, status in statuses.items() if status.wants_a_sign_in]
    return {
        "form": form,
        "account": account,
        "statuses": statuses,
        # The button whose turn it is: on a new account receiving comes first.
        "waits_for_owner": (waiting[0] if waiting else "") if account else "receive",
        "servers": MailServer.objects.offered().select_related("authorization_server"),
        "may_authorize": account is None
        or MailAccount.objects.authorizable_by(user).filter(pk=account.pk).exists(),
    }


def authorize_address(account: MailAccount, back: str) -> str:
    """The page that authorizes ``account`` and goes on to ``back``, a path of this installation."""
    address = reverse("webmail:authorize", args=[account.public_id])
    return f"{address}?{urlencode({'next': back})}"


def wants_authorization(data: Any) -> bool:
    """Whether an Authenticate button was pressed."""
    return data.get("authenticate", "") in token_status.DIRECTIONS


def managers_of(account: MailAccount) -> QuerySet[AccountMember]:
    """The people and departments that manage a shared account."""
    managers = account.members.filter(role=AccountMember.Role.MANAGER)
    return managers.select_related("user", "unit").order_by("user__username", "unit__name")
