"""The preconditions: everything on which authorizing rests, green or red, with what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groupware import health, heartbeat, public_address
from groupware.functions.permissions import system_admin_required
from oauthservers import preconditions
from oauthservers.findings import FAILED, NOT_TESTED, RUNNING, WORKS, Check, Finding, explanation
from oauthservers.models import AuthorizationServer

_PARTS: dict[str, Any] = {
    "redis": gettext_lazy("Redis (cache and task queue)"),
    "encryption_key": gettext_lazy("Encryption keys"),
}
_REMEDIES: dict[str, Any] = {
    "redis": gettext_lazy("Start Redis, or correct REDIS_URL. Until then no task runs."),
    "encryption_key": gettext_lazy(
        "Set GROUPWARE_ENCRYPTION_KEYS as the operating manual says; without it no token can be stored or read."
    ),
}
_QUEUES: dict[str, Any] = {
    "interactive": gettext_lazy("Worker for what people wait for (queue interactive)"),
    "sync": gettext_lazy("Worker for receiving mail (queue sync)"),
    "maintenance": gettext_lazy("Worker for renewing tokens (queue maintenance)"),
}


@dataclass(frozen=True)
class Group:
    """One heading with its lines."""

    title: str
    checks: list[Check]

    @property
    def faults(self) -> int:
        """How many lines are red."""
        return sum(check.state == FAILED for check in self.checks)


@system_admin_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page; the servers are asked by its live part, which comes a moment later."""
    groups = [_addresses(request), _waiting(), _installation()]
    return render(request, "oauthservers/preconditions.html", _context(groups, is_complete=False))


@never_cache
@system_admin_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The live part, with every answer."""
    servers = AuthorizationServer.objects.manageable_by(request.user).in_use()
    answers = preconditions.reach(preconditions.targets(servers))
    groups = [_addresses(request), _time(answers), _outside(answers), _installation()]
    return render(request, "oauthservers/_preconditions.html", _context(groups, is_complete=True))


def _context(groups: list[Group], *, is_complete: bool) -> dict[str, Any]:
    faults = sum(group.faults for group in groups)
    words = ngettext(
        "%(count)d precondition is not met.", "%(count)d preconditions are not met.", faults
    ) % {"count": faults}
    return {
        "groups": groups,
        "faults": faults,
        "words": words,
        "is_complete": is_complete,
        "address": public_address.configured_address(),
    }


def _line(name: Any, is_well: bool, remedy: Any = "", **more: str) -> Check:
    word = _("Works") if is_well else _("Does not work")
    return Check(
        str(name), WORKS if is_well else FAILED, word, "" if is_well else str(remedy), **more
    )


def _addresses(request: HttpRequest) -> Group:
    configured = public_address.configured_address()
    is_loopback = public_address.is_loopback(configured)
    encrypted = Check(
        _("Served over https"),
        WORKS,
        _("Only on this machine") if is_loopback and not settings.HTTPS else _("Works"),
        _("Other people need an https address; authorization servers send them back there.")
        if is_loopback
        else "",
        configured,
    )
    both = {"configured": configured, "seen": public_address.browser_address(request)}
    same = _line(
        _("The browser's address is the configured one"),
        not public_address.differs(request),
        _(
            "The groupware is set up for %(configured)s, and you are at %(seen)s. Open it at the first address, or let "
            "the operator set PUBLIC_URL to the second one. Behind a proxy, check that it passes host and scheme on."
        )
        % both,
        detail=f"PUBLIC_URL {both['configured']} · {both['seen']}",
    )
    return Group(_("Address"), [encrypted, same])


def _waiting() -> Group:
    return Group(
        _("Servers outside"), [Check(_("Reaching the servers"), RUNNING, _("Being tested"))]
    )


def _time(answers: list[preconditions.Reached]) -> Group:
    ahead = preconditions.clock_ahead(answers)
    name = _("The clock of this machine")
    if ahead is None:
        remedy = _("No server could be asked for the time.")
        return Group(_("Time"), [Check(name, NOT_TESTED, _("Not known"), remedy)])
    seconds = round(abs(ahead))
    told = {
        "seconds": ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    }
    words = _("%(seconds)s ahead") if ahead > 0 else _("%(seconds)s behind")
    difference = words % told if seconds else _("Right to the second")
    is_well = seconds <= preconditions.TOLERATED_SECONDS
    remedy = "" if is_well else _(
        "Let the machine follow a time server (NTP). With a wrong clock, tokens look expired or not yet valid, and "
        "Google refuses service accounts."
    )  # fmt: skip
    return Group(_("Time"), [Check(name, WORKS if is_well else FAILED, difference, remedy)])


def _outside(answers: list[preconditions.Reached]) -> Group:
    checks = []
    for answer in answers:
        target = answer.target
        place = target.host if target.port == 443 else f"{target.host}:{target.port}"
        took = _("%(milliseconds)d ms") % {"milliseconds": answer.milliseconds}
        remedy = explanation(Finding("connection", FAILED, answer.code), place)
        checks.append(
            _line(
                f"{place} · {target.needed_by}",
                not answer.code,
                remedy,
                detail=answer.detail,
                duration="" if answer.code else took,
            )
        )
    return Group(_("Servers outside"), checks)


def _installation() -> Group:
    states = health.readiness()
    checks = [_line(label, states[key] == "ok", _REMEDIES[key]) for key, label in _PARTS.items()]
    if states["redis"] == "ok":
        checks += [_worker(queue) for queue in heartbeat.QUEUES]
    return Group(_("This installation"), checks)


def _worker(queue: str) -> Check:
    try:
        age = heartbeat.age_seconds(queue)
    except (redis.RedisError, OSError):
        age = None
    if age is not None and age <= heartbeat.SILENT_SECONDS:
        word = _("Seen %(seconds)d seconds ago") % {"seconds": round(age)}
        return Check(str(_QUEUES[queue]), WORKS, word)
    remedy = _(
        "Start beat once and a worker for this queue: celery -A groupware worker -Q %(queue)s. Both must reach the same "
        "Redis as this process."
    ) % {"queue": queue}
    minutes = "" if age is None else _("Silent for %(minutes)d minutes") % {"minutes": age // 60}
    return Check(str(_QUEUES[queue]), FAILED, minutes or _("Not seen"), remedy)
