"""What the page says on which one mailbox is authorized: per authorization server the state, and the ways on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from oauthservers import approval
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from webmail import application_access, authorizations, token_status
from webmail.models import MailAccount, WebmailPolicy
from webmail.token_states import CONSENT_CODE
from webmail.token_status import TokenStatus

_Flow = AuthorizationRequest.Flow


@dataclass(frozen=True)
class Ways:
    """What one authorization server offers for an account.

    ``waiting`` is an attempt of this person with a code, still under way; ``grants`` are connections that can be
    used as they are; ``splits`` are the directions that can be authorized on their own.
    """

    server: AuthorizationServer
    statuses: list[tuple[str, TokenStatus]]
    directions: list[str]
    grants: list[Grant] = field(default_factory=list)
    splits: list[tuple[str, str]] = field(default_factory=list)
    waiting: AuthorizationRequest | None = None
    approval: approval.Approval | None = None
    checked_at: Any = None
    is_next: bool = False
    may_check: bool = False

    @property
    def needs_nobody(self) -> bool:
        """Whether the administrator has allowed it for all mailboxes."""
        return self.server.access == AuthorizationServer.Access.APPLICATION

    @property
    def is_usable(self) -> bool:
        """Whether trying can help: not while the server is switched off."""
        return self.server.is_enabled

    @property
    def is_active(self) -> bool:
        """Whether nothing is left to do here."""
        return not any(status.wants_somebody for _name, status in self.statuses)


def page_of(
    account: MailAccount,
    user: Any,
    attempt: AuthorizationRequest | None,
    next_url: str,
) -> dict[str, Any]:
    """The context of ``webmail/authorize.html``. ``attempt`` is the one the person just came back from."""
    ways: list[Ways] = []
    for server in authorizations.servers_of(account):
        is_first = not any(one.is_next for one in ways)
        ways.append(_ways_at(account, server, user, attempt, is_first))
    return {
        "account": account,
        "attempt": attempt,
        "next": next_url,
        "ways": ways,
        "is_theirs": account.owner_id in {user.pk, None},
        "is_done": bool(ways) and all(one.is_active for one in ways),
        "met_instead": attempt.signed_in_as if _met_somebody_else(attempt) else "",
        "may_name_delegate": may_change(account, user),
    }


def _ways_at(
    account: MailAccount,
    server: AuthorizationServer,
    user: Any,
    attempt: AuthorizationRequest | None,
    is_first: bool,
) -> Ways:
    directions = authorizations.directions_at(account, server)
    statuses = [(name, token_status.status_of(account, name, user)) for name in directions]
    waits = any(status.wants_somebody for _name, status in statuses)
    wants_approval = any(status.detail_code == CONSENT_CODE for _name, status in statuses)
    if attempt and attempt.server_id == server.pk and attempt.error_code == CONSENT_CODE:
        wants_approval = True
    grants = [authorizations.grant_of(account, name) for name in directions]
    return Ways(
        server=server,
        statuses=_worded(statuses),
        directions=directions,
        grants=[
            grant
            for grant in authorizations.usable_grants(account, server, user)
            if grant not in grants
        ],
        splits=_splits(account, directions),
        waiting=_waiting(account, server, user),
        approval=approval.of(server, authorizations.protocols_of(account, directions))
        if wants_approval
        else None,
        checked_at=next((grant.refreshed_at for grant in grants if grant), None),
        is_next=waits and is_first,
        may_check=application_access.may_open(account, user),
    )


def _worded(statuses: list[tuple[str, TokenStatus]]) -> list[tuple[str, TokenStatus]]:
    """The statuses with the words of their directions; what is the same for both is said once."""
    said = [status.what_is_said for _name, status in statuses]
    if len(said) > 1 and said[0] == said[1]:
        return [(_("Receiving and sending"), statuses[0][1])]
    return [(_LABELS[name](), status) for name, status in statuses]


_LABELS = {
    token_status.RECEIVE: lambda: _("Receiving"),
    token_status.SEND: lambda: _("Sending"),
}


def _splits(account: MailAccount, directions: list[str]) -> list[tuple[str, str]]:
    """Each direction on its own, where that is a choice."""
    words = {
        token_status.RECEIVE: _("Authorize receiving only"),
        token_status.SEND: _("Authorize sending only"),
    }
    return [(name, words[name]) for name in directions] if len(directions) > 1 else []


def _waiting(
    account: MailAccount, server: AuthorizationServer, user: Any
) -> AuthorizationRequest | None:
    """The person's attempt with a code that is still good."""
    attempts = AuthorizationRequest.objects.of(user).filter(
        server=server,
        mailbox_address=account.sign_in_address,
        owner=account.owner,
        outcome=AuthorizationRequest.Outcome.PENDING,
        expires_at__gt=timezone.now(),
        flow__in=[_Flow.DEVICE, _Flow.PASTED],
    )
    return attempts.order_by("-pk").first()


def _met_somebody_else(attempt: AuthorizationRequest | None) -> bool:
    return attempt is not None and attempt.error_code == "identity_mismatch"


def may_change(account: MailAccount, user: Any) -> bool:
    """Whether the person may enter who opens the mailbox."""
    if not MailAccount.objects.manageable_by(user).filter(pk=account.pk).exists():
        return False
    return account.owner_id != user.pk or WebmailPolicy.current().allows_individual_settings
