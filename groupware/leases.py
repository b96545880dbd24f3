"""Leases: "I work on this row until then", taken and given back by compare-and-set.

A lease is three columns of the row itself, so it is visible, expires, survives restarts and works alike on SQLite
and PostgreSQL. The fencing number grows with every holder: whoever writes under a lease adds
``lease_fence=<his number>`` to the WHERE, and a holder that slept past its expiry writes nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Leased(models.Model):
    """The three columns of a lease."""

    lease_owner = models.CharField(max_length=36, blank=True, default="", editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease_fence = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


@dataclass(frozen=True)
class Lease:
    """A lease held on one row; ``fence`` belongs into every WHERE that writes under it."""

    model: type[models.Model]
    pk: Any
    owner: str
    fence: int

    @property
    def rows(self) -> models.QuerySet[Any]:
        """The leased row while the lease is still ours; empty once somebody else took it over."""
        return self.model._base_manager.filter(
            pk=self.pk, lease_owner=self.owner, lease_fence=self.fence
        )

    def extend(self, seconds: float) -> bool:
        """Push the expiry to ``seconds`` from now; False when the lease was lost."""
        return bool(self.rows.update(lease_expires_at=timezone.now() + timedelta(seconds=seconds)))

    def release(self) -> None:
        """Give the row back. Releasing a lost lease does nothing."""
        self.rows.update(lease_owner="", lease_expires_at=None)


def is_free(now: datetime | None = None) -> Q:
    """Condition for rows that nobody holds."""
    return Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lte=now or timezone.now())


def take(queryset: models.QuerySet[Any], pk: Any, seconds: float) -> Lease | None:
    """Take the lease of one row of ``queryset`` for ``seconds``; None when it is held or no longer in the set."""
    now = timezone.now()
    owner = str(uuid.uuid4())
    taken = queryset.filter(is_free(now), pk=pk).update(
        lease_owner=owner,
        lease_expires_at=now + timedelta(seconds=seconds),
        lease_fence=F("lease_fence") + 1,
    )
    if not taken:
        return None
    fence = queryset.model._base_manager.values_list("lease_fence", flat=True).get(pk=pk)
    return Lease(queryset.model, pk, owner, fence)
