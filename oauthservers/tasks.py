"""Celery entry points: tokens renewed before anybody needs them, sleeping grants kept alive, old attempts removed."""

from __future__ import annotations

import random
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from groupware import leases
from oauthservers import diagnosis, revoking, timing, vault
from oauthservers.errors import OAuthError
from oauthservers.flows import authorization_code, device_code
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant, GrantQuerySet

#: A mailbox that was opened within this time is likely to be opened again.
_RECENTLY = timedelta(hours=2)
_KEEP_ATTEMPTS = timedelta(days=30)


@shared_task(ignore_result=True)
def refresh_due_grants() -> None:
    """Renew the tokens of mailboxes in use shortly before they end."""
    now = timezone.now()
    soon = now + timedelta(seconds=timing.AHEAD_SECONDS)
    due = _renewable().filter(access_token_expires_at__lte=soon, last_used_at__gte=now - _RECENTLY)
    _start(
        (grant for grant in due.iterator() if timing.is_due(grant)),
        settings.TOKEN_SWEEP_SECONDS / 2,
    )


@shared_task(ignore_result=True)
def keep_idle_grants_alive() -> None:
    """Renew what nobody used for a week: refresh tokens die of disuse (90 days at Microsoft, six months at Google)."""
    _start(_idle().iterator(), 3000)


@shared_task(ignore_result=True)
def refresh_grant(pk: int) -> None:
    """Renew one grant if it is still due. What goes wrong is on its row, or on its server's, already."""
    grant = Grant.objects.filter(pk=pk).first()
    if grant is None:
        return
    try:
        vault.renew(grant)
    except OAuthError:
        return


@shared_task(ignore_result=True)
def poll_devices() -> None:
    """Start a poll for every device code whose time has come."""
    for pk in device_code.due().values_list("pk", flat=True):
        poll_device.delay(pk)


@shared_task(ignore_result=True)
def poll_device(pk: int) -> None:
    """Ask once whether the person has decided. A second one for the same poll finds nothing to do."""
    attempt = AuthorizationRequest.objects.filter(pk=pk).first()
    if attempt is not None:
        device_code.poll(attempt)


@shared_task(ignore_result=True, soft_time_limit=240, time_limit=300)
def tell_servers() -> None:
    """Tell servers which tokens were given up here."""
    revoking.tell_servers()


@shared_task(ignore_result=True)
def purge_requests() -> None:
    """Close attempts that nobody came back from, and forget the old ones."""
    authorization_code.close_stale()
    AuthorizationRequest.objects.filter(created_at__lt=timezone.now() - _KEEP_ATTEMPTS).delete()


@shared_task(ignore_result=True)
def test_servers() -> None:
    """Test servers in use whose last test is too old, so that what the registry shows is never stale."""
    for server in AuthorizationServer.objects.in_use():
        if diagnosis.is_due(server) and diagnosis.claim(server):
            test_server.apply_async(args=[server.pk], kwargs={"is_routine": True})


@shared_task(ignore_result=True)
def test_server(pk: int, mailbox: str = "", is_routine: bool = False) -> None:
    """Run the test that ``diagnosis.claim`` announced; its result is on the server's row."""
    server = AuthorizationServer.objects.filter(pk=pk).first()
    if server is not None:
        diagnosis.run(server, mailbox=mailbox, is_routine=is_routine)


def _renewable() -> GrantQuerySet:
    now = timezone.now()
    return (
        Grant.objects.alive()
        .filter(leases.is_free(now), server__is_enabled=True)
        .filter(
            Q(next_attempt_at__isnull=True)
            | Q(next_attempt_at__lte=now)
            | Q(server__outage_since__isnull=False)  # the breaker lets one of them through
        )
        .filter(Q(server__fault_code="") | Q(server__fault_probe_at__lte=now))
        .filter(Q(server__outage_since__isnull=True) | Q(server__outage_probe_at__lte=now))
    )


def _idle() -> GrantQuerySet:
    """Grants that slept for a week; application access has no refresh token that could die."""
    slept = Q(refreshed_at__isnull=True) | Q(refreshed_at__lt=timezone.now() - timing.IDLE)
    return _renewable().filter(slept, access=Grant.Access.DELEGATED)


def _start(grants, within_seconds: float) -> None:
    """One task for each, spread over ``within_seconds`` so that the server is not stormed."""
    for grant in grants:
        countdown = random.uniform(0, within_seconds)  # noqa: S311 (spreading load, not a secret)
        refresh_grant.apply_async(args=[grant.pk], countdown=countdown)
