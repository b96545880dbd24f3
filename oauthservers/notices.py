"""What system administrators are told of: a registration that a server refuses, and secrets that are about to end.

One fault of a server is one notice to each system administrator and none to anybody else: no person can mend it by
signing in. It ends by itself as soon as the server accepts the registration again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groupware.notices import registry
from groupware.notices.models import Notice
from groupware.notices.moments import in_words
from groupware.notices.registry import Fault, Kind, Words
from groupware.users.models import User
from oauthservers.error_messages import advise
from oauthservers.expiry import Expiry, State, expiries
from oauthservers.models import AuthorizationServer

_SECRET_FAULTS = {"client_secret_expired", "client_secret_wrong", "invalid_client"}


def register() -> None:
    """Make both kinds known; called once, when the app is ready."""
    registry.register(Kind(key="oauthservers.server", current=_refused, words=_words_of_fault))
    registry.register(
        Kind(key="oauthservers.expiry", current=_ending, words=_words_of_expiry, reminders=())
    )


def _refused() -> Iterator[Fault]:
    servers = AuthorizationServer.objects.in_use().exclude(fault_code="")
    if recipients := _system_administrators():
        for server in servers:
            yield Fault(_subject(server), server.fault_code, recipients, _facts(server))


def _ending() -> Iterator[Fault]:
    """One warning for each threshold that was passed; a registration that is refused already speaks for itself."""
    recipients = _system_administrators()
    for server in AuthorizationServer.objects.in_use() if recipients else ():
        if server.fault_code not in _SECRET_FAULTS:
            for expiry in worth_a_warning(server):
                day = expiry.expires_on.isoformat()
                facts = {**_facts(server), "what": expiry.what, "expires_on": day}
                fault = f"{expiry.what}:{expiry.threshold}"
                yield Fault(_subject(server), fault, recipients, facts)


def worth_a_warning(server: AuthorizationServer) -> list[Expiry]:
    """What needs a new one soon."""
    return [one for one in worth_watching(server) if one.threshold]


def worth_watching(server: AuthorizationServer) -> list[Expiry]:
    """What ends some day and is needed. The second secret is the old one as a rule: it may end while another goes on."""
    found = expiries(server)
    others = [one for one in found if one.what != "fallback_client_secret"]
    goes_on = bool(others) and all(one.state != State.EXPIRED for one in others)
    return [one for one in found if not (goes_on and one.what == "fallback_client_secret")]


def _words_of_fault(notice: Notice) -> Words:
    name = notice.facts["server"]
    told = advise(notice.fault, server=name)
    return Words(
        subject=_("%(server)s refuses the groupware") % {"server": name},
        paragraphs=[
            told.headline,
            _(
                "No mailbox that is authorized there receives or sends until this is mended. Mail already here stays "
                "readable, and nobody has to sign in again."
            ),
            _("The groupware asks the server every quarter of an hour and goes on by itself."),
        ],
        steps=told.steps,
        button=_("Open the settings of %(server)s") % {"server": name},
        path=_page(notice),
    )


def _words_of_expiry(notice: Notice) -> Words:
    name, on = notice.facts["server"], date.fromisoformat(notice.facts["expires_on"])
    days = (on - timezone.localdate()).days
    what = Expiry(notice.facts["what"], on, days, State.WARNING).label
    names = {
        "what": what,
        "server": name,
        "day": formats.date_format(on, "DATE_FORMAT"),
        "count": days,
    }
    if days < 0:
        subject = _("%(server)s: %(what)s expired on %(day)s") % names
    else:
        subject = (
            ngettext(
                "%(server)s: %(what)s ends in %(count)d day",
                "%(server)s: %(what)s ends in %(count)d days",
                days,
            )
            % names
        )
    return Words(
        subject=subject,
        paragraphs=[
            _("%(what)s for %(server)s: the last day is %(day)s.") % names,
            _(
                "Afterwards no mailbox that is authorized there receives or sends. Enter the new one beforehand and "
                "keep the old one as the second: nothing stops, and nobody has to sign in again."
            ),
        ],
        steps=advise("client_secret_expired", server=name).steps
        if notice.facts["what"] != "client_certificate"
        else (),
        button=_("Open the settings of %(server)s") % names,
        path=_page(notice),
    )


def _facts(server: AuthorizationServer) -> dict[str, Any]:
    return {"server": server.name, "public_id": str(server.public_id)}


def _page(notice: Notice) -> str:
    return reverse("oauthservers:server", args=[notice.facts["public_id"]])


def _subject(server: AuthorizationServer) -> str:
    return f"oauthservers.server:{server.public_id}"


def _system_administrators() -> list[Any]:
    return list(User.objects.active().filter(is_system_administrator=True))


def digest(person: Any) -> list[str]:
    """What waits for a system administrator: refused registrations, outages, secrets that end."""
    if not person.is_system_administrator:
        return []
    lines = []
    for server in AuthorizationServer.objects.in_use():
        if server.fault_code:
            lines.append(advise(server.fault_code, server=server.name).headline)
        elif server.outage_since:
            names = {"server": server.name, "since": in_words(server.outage_since)}
            lines.append(_("%(server)s has been out of reach since %(since)s.") % names)
        lines += [line_of(server, expiry) for expiry in worth_a_warning(server)]
    return lines


def line_of(server: AuthorizationServer, expiry: Expiry) -> str:
    """One sentence about something that ends."""
    names = {
        "server": server.name,
        "what": expiry.label,
        "day": formats.date_format(expiry.expires_on, "DATE_FORMAT"),
    }
    if expiry.state == State.EXPIRED:
        return _("%(server)s: %(what)s expired on %(day)s.") % names
    return _("%(server)s: %(what)s ends on %(day)s.") % names
