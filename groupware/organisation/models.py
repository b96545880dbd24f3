"""The organisation, its tree of departments, and who belongs where."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """The one organisation of this installation."""

    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name


# A tree is walked in one query (SQL:1999 recursive query); UNION ends a circle that somebody made by hand.
_HOLDING = """
    WITH RECURSIVE above (id, parent_id) AS (
        SELECT unit.id, unit.parent_id FROM organisation_unit unit
        JOIN organisation_membership membership ON membership.unit_id = unit.id
        WHERE membership.user_id = %s
        UNION
        SELECT unit.id, unit.parent_id FROM organisation_unit unit
        JOIN above ON unit.id = above.parent_id
    ) SELECT id FROM above
"""
_WITHIN = """
    WITH RECURSIVE below (id) AS (
        SELECT unit.id FROM organisation_unit unit WHERE unit.id = %s
        UNION
        SELECT unit.id FROM organisation_unit unit JOIN below ON unit.parent_id = below.id
    ) SELECT id FROM below
"""


class UnitQuerySet(models.QuerySet["Unit"]):
    """Departments, as far as somebody may change them."""

    def manageable_by(self, user: Any) -> UnitQuerySet:
        """All for a system administrator, none for others."""
        return self if user.is_system_administrator else self.none()

    def holding(self, user: Any) -> UnitQuerySet:
        """Departments of ``user``, and those that these are part of: who is in a section is in its division."""
        return self.filter(pk__in=RawSQL(_HOLDING, [user.pk]))  # noqa: S611 - constant text

    def within(self, unit: Unit) -> UnitQuerySet:
        """A department with everything below it."""
        return self.filter(pk__in=RawSQL(_WITHIN, [unit.pk]))  # noqa: S611 - constant text


class Unit(models.Model):
    """A department; departments form a tree."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.SlugField(_("key"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("part of"),
    )
    order = models.PositiveIntegerField(_("order"), default=0)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="units"
    )

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["order", "name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in a department."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="memberships")
    is_primary = models.BooleanField(_("main department"), default=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "unit"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.unit}"
