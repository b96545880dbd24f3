"""Old and new values for the audit log, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

_LONGEST = 300  # characters of one value; the log says what changed, it is no archive

#: What stands in place of the values of a secret.
CHANGED = "changed"


def snapshot(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """The values of ``names`` as they are now, as JSON can hold them. Never name a secret here."""
    return {name: _plain(getattr(row, name)) for name in names}


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], secrets: Iterable[str] = ()
) -> dict[str, Any]:
    """``details`` for ``record``: field → [old, new] for what differs; a changed secret is named, and no more.

    ``before`` and ``after`` are snapshots of the same fields; ``secrets`` are the names of those that were changed.
    """
    differing: dict[str, Any] = {
        name: [_short(before.get(name)), _short(value)]
        for name, value in after.items()
        if before.get(name) != value
    }
    differing |= dict.fromkeys(secrets, CHANGED)
    return {"changes": differing} if differing else {}


def lines(details: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """``details`` for a screen: (name, old, new). What is no change has no old value (None)."""
    found: list[tuple[str, Any, Any]] = []
    for name, value in details.items():
        if name == "changes" and isinstance(value, Mapping):
            found += [_line(field, pair) for field, pair in value.items()]
        else:
            found.append((name, None, value))
    return found


def _line(name: str, pair: Any) -> tuple[str, Any, Any]:
    if isinstance(pair, list) and len(pair) == 2:
        return name, _words(pair[0]), _words(pair[1])
    return name, None, _("changed")  # a secret, which the log masks besides


def _words(value: Any) -> Any:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return "–" if value in ("", None) else value


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _short(value: Any) -> Any:
    return f"{value[:_LONGEST]}…" if isinstance(value, str) and len(value) > _LONGEST else value
