"""The state of an account's sending direction, written after each attempt."""

from __future__ import annotations

from django.utils import timezone

from groupware.audit.record import record
from webmail.failures import Failure
from webmail.models import MailAccount

Health = MailAccount.Health
_STOPPED = (Health.OWNER_REQUIRED, Health.ADMINISTRATOR_REQUIRED)


def worked(account: MailAccount) -> None:
    """The server took the message, or refused this message only."""
    MailAccount.objects.filter(pk=account.pk).update(
        send_health=Health.WORKING,
        send_error_code="",
        send_error_text="",
        send_error_since=None,
        sent_at=timezone.now(),
    )
    if account.send_health in _STOPPED:
        record("webmail.account.sending_resumed", target=account)


def begin_anew(account: MailAccount) -> None:
    """The connection was made again: what was wrong before says nothing any more."""
    MailAccount.objects.filter(pk=account.pk).update(
        send_health=Health.UNTRIED, send_error_code="", send_error_text="", send_error_since=None
    )


def failed(account: MailAccount, failure: Failure) -> None:
    """No message of this account can leave at the moment."""
    is_same = account.send_error_code == failure.code and account.send_health == failure.health
    MailAccount.objects.filter(pk=account.pk).update(
        send_health=failure.health,
        send_error_code=failure.code,
        send_error_text=failure.server_text,
        send_error_since=(account.send_error_since if is_same else None) or timezone.now(),
    )
    if failure.health in _STOPPED and failure.health != account.send_health:
        record("webmail.account.sending_stopped", target=account, details={"code": failure.code})
