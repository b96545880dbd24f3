"""The tables ``[organisation]`` and ``[[unit]]`` of a provisioning file."""

from __future__ import annotations

from collections.abc import Sequence

from groupware.organisation.models import Organisation, Unit
from groupware.provision import Key, Row, Section


class OrganisationSection(Section):
    """The one organisation."""

    table = "organisation"
    order = 10
    is_single = True
    identified_by = "name"
    keys = (Key("name", required=True),)

    def apply(self, row: Row) -> None:
        row.save(Organisation.objects.first() or Organisation(), {"name": row["name"]})


class UnitSection(Section):
    """Departments; a row may name a parent that comes later in the file."""

    table = "unit"
    order = 20
    keys = (
        Key("key", required=True),
        Key("name", required=True),
        Key("parent", default=""),
        Key("order", int, default=0),
    )

    def apply_all(self, rows: Sequence[Row]) -> None:
        waiting = list(rows)
        own = {row.identity for row in rows}
        while waiting:
            # A parent of this file goes before its children; what never becomes ready is a circle.
            ready = [row for row in waiting if self._is_ready(row, own, waiting)]
            if not ready:
                for row in waiting:
                    row.problem("the department is part of itself.", "parent", "Break the circle.")
                return
            for row in ready:
                self.apply_one(row)
            waiting = [row for row in waiting if row not in ready]

    def _is_ready(self, row: Row, own: set[str], waiting: Sequence[Row]) -> bool:
        return row["parent"] not in own or all(other.identity != row["parent"] for other in waiting)

    def apply(self, row: Row) -> None:
        parent = row.reference("parent", Unit.objects.all(), "unit")
        unit = Unit.objects.filter(key=row["key"]).first() or Unit(key=row["key"])
        if parent is not None and unit.pk and unit in ancestry(parent):
            row.problem(
                "the department would be part of itself.", "parent", "Choose another parent."
            )
            return
        row.save(
            unit, {"key": row["key"], "name": row["name"], "parent": parent, "order": row["order"]}
        )


def ancestry(unit: Unit) -> list[Unit]:
    """The department itself, then the one it is part of, up to the top."""
    found = [unit]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found
