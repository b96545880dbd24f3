"""Who is due, and what state receiving is in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from groupware import leases
from groupware.audit.models import AuditEvent
from groupware.outbound import NameNotFoundError, OutboundRefusedError
from oauthservers.errors import (
    AccessDeniedError,
    AdministratorRequiredError,
    OAuthError,
    ReauthorizationRequiredError,
    TemporaryOAuthError,
)
from tests.factories.webmail import MailAccountFactory
from webmail import backoff, sync
from webmail.failures import StoredSecretError, classify
from webmail.models import MailAccount
from webmail.protocols import errors
from webmail.sync import schedule

Health = MailAccount.Health
pytestmark = pytest.mark.django_db


def failed(account: MailAccount, error: Exception) -> None:
    lease = leases.take(MailAccount.objects.all(), account.pk, 60)
    assert lease is not None
    schedule.failed(account, lease, classify(error))
    lease.release()
    account.refresh_from_db()


def test_an_account_is_claimed_once_and_found_again_when_its_task_got_lost() -> None:
    account = MailAccountFactory()
    assert sync.claim_due() == [account.pk]
    assert sync.claim_due() == []
    account.refresh_from_db()
    assert account.next_sync_at - timezone.now() <= timedelta(minutes=2)
    MailAccount.objects.update(next_sync_at=timezone.now())
    assert sync.claim_due() == [account.pk]


def test_accounts_that_nobody_could_be_told_of_are_due_at_the_next_sweep() -> None:
    account = MailAccountFactory()
    assert sync.claim_due() == [account.pk]
    sync.give_back([account.pk])
    assert sync.claim_due() == [account.pk]


def test_an_account_that_somebody_works_on_is_due_as_soon_as_it_is_free() -> None:
    account = MailAccountFactory()
    assert sync.claim_due() == [account.pk]
    lease = leases.take(MailAccount.objects.all(), account.pk, 60)
    assert lease is not None
    assert sync.sync_account(account.pk) == sync.Outcome.BUSY
    assert sync.claim_due() == []
    lease.release()
    assert sync.claim_due() == [account.pk]


@pytest.mark.parametrize(
    "changes",
    [
        {"is_enabled": False},
        {"next_sync_at": timezone.now() + timedelta(hours=1)},
        {"receive_health": Health.OWNER_REQUIRED},
        {"lease_expires_at": timezone.now() + timedelta(hours=1)},
    ],
)
def test_who_is_not_due(changes: dict[str, object]) -> None:
    account = MailAccountFactory()
    MailAccount.objects.update(**changes)
    assert sync.claim_due() == []
    account.owner.is_active = True


def test_accounts_of_people_who_may_not_sign_in_rest() -> None:
    account = MailAccountFactory()
    account.owner.is_active = False
    account.owner.save()
    assert sync.claim_due() == []


def test_who_waits_longest_comes_first() -> None:
    now = timezone.now()
    late, later = (
        MailAccountFactory(next_sync_at=now - timedelta(1)),
        MailAccountFactory(next_sync_at=now),
    )
    new = MailAccountFactory()
    assert sync.claim_due(limit=2) == [new.pk, late.pk]
    assert sync.claim_due() == [later.pk]


@pytest.mark.parametrize(
    ("error", "health"),
    [
        (errors.UnreachableError(code="timeout"), Health.RETRYING),
        (errors.ThrottledError(), Health.RETRYING),
        (errors.ProtocolError(), Health.RETRYING),
        (errors.AuthenticationError(), Health.OWNER_REQUIRED),
        (errors.AuthenticationError(code="smtp_auth_disabled"), Health.ADMINISTRATOR_REQUIRED),
        (
            errors.AuthenticationError(code="authenticated_but_not_connected", retryable=True),
            Health.RETRYING,
        ),
        (errors.AuthenticationError(code="fresh_token_refused"), Health.ADMINISTRATOR_REQUIRED),
        (
            errors.SubmissionRejectedError(reply_code=550, code="send_as_denied"),
            Health.ADMINISTRATOR_REQUIRED,
        ),
        (AccessDeniedError(code="policy_blocks"), Health.ADMINISTRATOR_REQUIRED),
        (AccessDeniedError(), Health.OWNER_REQUIRED),
        (errors.TlsError(code="tls_expired"), Health.ADMINISTRATOR_REQUIRED),
        (errors.CapabilityError(code="uidl_missing"), Health.ADMINISTRATOR_REQUIRED),
        (errors.SubmissionRejectedError(reply_code=550), Health.WORKING),
        (errors.SubmissionRejectedError(reply_code=451, permanent=False), Health.RETRYING),
        (ReauthorizationRequiredError(), Health.OWNER_REQUIRED),
        (AdministratorRequiredError(), Health.ADMINISTRATOR_REQUIRED),
        (TemporaryOAuthError(), Health.RETRYING),
        (OAuthError("something_new"), Health.RETRYING),
        (OutboundRefusedError("no", code="address_refused"), Health.ADMINISTRATOR_REQUIRED),
        (NameNotFoundError("no", code="name_not_found"), Health.RETRYING),
        (StoredSecretError(), Health.ADMINISTRATOR_REQUIRED),
    ],
)
def test_every_kind_of_trouble_has_somebody_who_acts(error: Exception, health: str) -> None:
    assert classify(error).health == health


def test_back_off_grows_and_listens_to_the_server() -> None:
    account = MailAccountFactory()
    failed(account, errors.ThrottledError(retry_after=7200))
    assert account.next_sync_at > timezone.now() + timedelta(hours=1, minutes=50)
    assert account.receive_failures == 1
    since = account.receive_error_since
    failed(account, errors.ThrottledError())
    assert (account.receive_failures, account.receive_error_since) == (2, since)
    longest = [max(backoff.after(n, base=30, longest=3600) for _ in range(200)) for n in (0, 3, 30)]
    assert longest[0] <= 30 < longest[1] <= 240 < longest[2] <= 3600


def test_stopping_is_recorded_once() -> None:
    account = MailAccountFactory()
    failed(account, errors.AuthenticationError())
    failed(account, errors.AuthenticationError())
    events = AuditEvent.objects.filter(name="webmail.account.receiving_stopped")
    assert [event.details for event in events] == [{"code": "authentication_failed"}]


def test_changed_settings_make_a_stopped_account_due() -> None:
    account = MailAccountFactory()
    failed(account, errors.AuthenticationError())
    assert sync.claim_due() == []
    sync.resume(account)
    assert sync.claim_due() == [account.pk]


def test_a_fault_of_ours_is_written_down_and_backs_off() -> None:
    account = MailAccountFactory()
    sync.stumbled(account.pk)
    account.refresh_from_db()
    assert (account.receive_health, account.receive_error_code) == (
        Health.RETRYING,
        "internal_error",
    )
    assert account.next_sync_at > timezone.now()
