"""Who may do what with which mail account: the one place where that is decided."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, Q

from groupware.functions.models import FunctionAdministrator
from groupware.organisation.models import Unit
from webmail.models.policy import WebmailPolicy


class MailAccountQuerySet(models.QuerySet):
    """Mail accounts, as far as somebody may use them. The one place where that is decided."""

    def visible_to(self, user) -> MailAccountQuerySet:
        """Accounts whose mail ``user`` may read, mark and flag: their own, and shared ones given to them.

        The marks are the mailbox's, so everybody sees the same. Administrators manage accounts, they read no mail.
        """
        return self._open_to(user, "reader", "sender", "manager")

    def writable_by(self, user) -> MailAccountQuerySet:
        """Accounts in which ``user`` may also write, move and delete: own ones, and as a sender or a manager."""
        return self._open_to(user, "sender", "manager")

    def sendable_by(self, user) -> MailAccountQuerySet:
        """Accounts that ``user`` may send from."""
        return self.writable_by(user).exclude(send_authentication=self.model.SendAuthentication.OFF)

    def manageable_by(self, user) -> MailAccountQuerySet:
        """Accounts whose settings and members ``user`` may change.

        Their own, shared ones as a manager of them, all as a function administrator.
        """
        if (
            user.is_system_administrator
            or FunctionAdministrator.objects.filter(key="webmail", user=user).exists()
        ):
            return self.kept()
        return self._open_to(user, "manager")

    def authorizable_by(self, user) -> MailAccountQuerySet:
        """Accounts that ``user`` may connect with an authorization server: those whose settings they may change."""
        return self.manageable_by(user)

    def in_use(self) -> MailAccountQuerySet:
        """Accounts that are switched on and belong to a person who may sign in, or are shared while that is allowed."""
        usable = self.kept().filter(is_enabled=True).exclude(owner__is_active=False)
        return usable.filter(Q(kind=self.model.Kind.PERSONAL) | _sharing_is_allowed())

    def kept(self) -> MailAccountQuerySet:
        """Accounts without those that are being removed."""
        return self.filter(removed_at=None)

    def personal_first(self) -> MailAccountQuerySet:
        """The order in which people meet them: their own, then the shared ones; older ones first."""
        return self.order_by("kind", "created_at", "pk")

    def _open_to(self, user, *roles: str) -> MailAccountQuerySet:
        """Own accounts, and shared ones in which the person or one of their departments has one of ``roles``.

        Three branches in one condition: each finds its few rows by an index, none gives a row twice.
        """
        if not user.is_active:
            return self.none()
        accounts = self.model._default_manager.order_by().values("pk")
        shared = accounts.filter(_sharing_is_allowed(), kind=self.model.Kind.SHARED)
        branches = [
            accounts.filter(owner=user, kind=self.model.Kind.PERSONAL),
            shared.filter(members__user=user, members__role__in=roles),
            shared.filter(members__unit__in=Unit.objects.holding(user), members__role__in=roles),
        ]
        return self.kept().filter(pk__in=branches[0].union(*branches[1:], all=True))


def _sharing_is_allowed() -> Exists:
    return ~Exists(WebmailPolicy.objects.filter(allows_shared_accounts=False))
