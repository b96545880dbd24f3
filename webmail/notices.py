"""Whom webmail tells that a mailbox has stopped.

Three kinds, three readers. What its owner can mend is told to the owner, for a shared account to its managers, at an
address other than the mailbox that stopped. What needs an administrator is told to the function administrators, one
notice for a mail server and a cause however many mailboxes wait. Stored secrets that do not open are told to system
administrators. What is wrong with a registration at an authorization server is told by ``oauthservers.notices`` alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groupware.functions.models import FunctionAdministrator
from groupware.notices import registry
from groupware.notices.models import Notice
from groupware.notices.moments import in_words
from groupware.notices.registry import Fault, Kind, Words
from groupware.organisation.models import Unit
from groupware.users.models import User
from oauthservers import error_messages as authorization
from oauthservers import vendor_codes
from webmail import remedies
from webmail.error_messages import CODES, RECEIVE, SEND, advise
from webmail.models import AccountMember, MailAccount

Health = MailAccount.Health
DIRECTIONS = (RECEIVE, SEND)
# Who set the account up is told on the screen and invited; who disconnected it knows.
_NOT_NEWS = {"not_authorized", "disconnected", "account_off", "sending_is_off"}
_UNREADABLE = {"secret_unreadable", "encryption_key_missing"}
_TOLD_ELSEWHERE = (set(authorization.REGISTRATION) - set(CODES)) | _UNREADABLE
_NAMES_SHOWN = 5


def register() -> None:
    """Make the three kinds known; called once, when the app is ready."""
    registry.register(Kind(key="webmail.owner", current=_for_owners, words=_words_for_owner))
    registry.register(
        Kind(
            key="webmail.administrator",
            current=_for_administrators,
            words=_words_for_administrator,
        )
    )
    registry.register(Kind(key="webmail.secrets", current=_unreadable, words=_words_of_secrets))


def stopped(health: str) -> Iterator[tuple[MailAccount, str, str]]:
    """Accounts in use with a direction in this state: account, direction, code."""
    rows = MailAccount.objects.in_use().filter(Q(receive_health=health) | Q(send_health=health))
    related = ("owner", "incoming_server", "outgoing_server")
    for account in rows.select_related(*related).order_by("pk"):
        for direction in DIRECTIONS:
            if getattr(account, f"{direction}_health") == health:
                yield account, direction, getattr(account, f"{direction}_error_code")


# -- the owner -------------------------------------------------------------------------------------


def _for_owners() -> Iterator[Fault]:
    found: dict[tuple[str, str], list[tuple[MailAccount, str]]] = defaultdict(list)
    for account, direction, code in stopped(Health.OWNER_REQUIRED):
        if code not in _NOT_NEWS:
            found[(_cause(account, direction), code)].append((account, direction))
    for (subject, code), entries in found.items():
        accounts = list(dict.fromkeys(account for account, _direction in entries))
        account, direction = entries[0]
        dead = [one.address for one, direction in entries if direction == RECEIVE]
        facts = {
            "account": str(account.public_id),
            "mailbox": account.address,
            "others": len(accounts) - 1,
            "directions": sorted({direction for _account, direction in entries}),
            "since": _since(account, direction),
        }
        people = {person.pk: person for one in accounts for person in _people_of(one)}
        yield Fault(subject, code, list(people.values()), facts, avoid=sorted(set(dead)))


def _cause(account: MailAccount, direction: str) -> str:
    """One connection may serve several accounts and both directions: when it ends, that is one matter."""
    grant = account.receive_grant_id if direction == RECEIVE else _send_grant(account)
    uses = getattr(account, f"effective_{direction}_authentication", account.receive_authentication)
    if grant and uses == MailAccount.ReceiveAuthentication.OAUTH2:
        return f"oauthservers.grant:{grant}"
    return f"webmail.account:{account.public_id}"


def _send_grant(account: MailAccount) -> int | None:
    same = account.send_authentication == account.SendAuthentication.SAME_AS_RECEIVING
    return account.receive_grant_id if same else account.send_grant_id


def _people_of(account: MailAccount) -> Iterable[Any]:
    """Who can mend it: the owner, or the managers of a shared account, or whoever looks after webmail."""
    if account.owner is not None:
        return [account.owner]
    managing = account.members.filter(role=AccountMember.Role.MANAGER)
    units = [member.unit for member in managing.select_related("unit") if member.unit]
    inside = [Unit.objects.within(unit).values("pk") for unit in units]
    wanted = Q(pk__in=managing.exclude(user=None).values("user"))
    for unit in inside:
        wanted |= Q(memberships__unit__in=unit)
    return list(User.objects.active().filter(wanted).distinct()) or function_administrators()


def _words_for_owner(notice: Notice) -> Words:
    facts = notice.facts
    names = {"mailbox": facts["mailbox"], "since": _moment(facts["since"])}
    direction = RECEIVE if RECEIVE in facts["directions"] else SEND
    told = advise(notice.fault, direction, Health.OWNER_REQUIRED)
    paragraphs = [told.headline, _("Since %(since)s.") % names]
    if facts["others"]:
        paragraphs.append(
            ngettext(
                "%(count)d other account that uses the same connection has stopped with it.",
                "%(count)d other accounts that use the same connection have stopped with it.",
                facts["others"],
            )
            % {"count": facts["others"]}
        )
    paragraphs.append(
        _("Mail that arrives meanwhile waits at the mail server. Mail already here stays readable.")
        if direction == RECEIVE
        else told.still_works
    )
    subjects = {
        (RECEIVE, SEND): _("%(mailbox)s no longer receives and sends"),
        (RECEIVE,): _("%(mailbox)s no longer receives mail"),
        (SEND,): _("%(mailbox)s no longer sends mail"),
    }
    return Words(
        subject=subjects[tuple(facts["directions"])] % names,
        paragraphs=paragraphs,
        button=told.button or _("Open the settings"),
        path=page_of(facts["account"], notice.fault),
    )


def page_of(account: str, code: str) -> str:
    """The page with the one button: to authorize again, or the settings of the account."""
    signs_in = (
        code in authorization.CODES and authorization.turn_of(code) is vendor_codes.Turn.PERSON
    )
    return reverse("webmail:authorize" if signs_in else "webmail:check", args=[account])


# -- administrators --------------------------------------------------------------------------------


def function_administrators() -> list[Any]:
    """Who looks after webmail; system administrators where nobody was appointed."""
    appointed = FunctionAdministrator.objects.filter(key="webmail").values("user")
    people = User.objects.active()
    found = people.filter(pk__in=appointed) or people.filter(is_system_administrator=True)
    return list(found)


def _for_administrators() -> Iterator[Fault]:
    found: dict[tuple[str, str], list[tuple[MailAccount, str]]] = defaultdict(list)
    for account, direction, code in stopped(Health.ADMINISTRATOR_REQUIRED):
        if code not in _TOLD_ELSEWHERE:
            server = account.incoming_server if direction == RECEIVE else account.outgoing_server
            found[(f"webmail.server:{server.public_id}" if server else "", code)].append(
                (account, direction)
            )
    recipients = function_administrators() if found else []
    for (subject, code), entries in found.items():
        account, direction = entries[0]
        server = account.incoming_server if direction == RECEIVE else account.outgoing_server
        facts = {
            "server": server.name if server else "",
            "direction": direction,
            "account": str(account.public_id),
            "mailboxes": [account.address for account, _direction in entries[:_NAMES_SHOWN]],
            "count": len(entries),
        }
        yield Fault(subject, code, recipients, facts)


def _words_for_administrator(notice: Notice) -> Words:
    facts = notice.facts
    told = advise(notice.fault, facts["direction"], Health.ADMINISTRATOR_REQUIRED)
    names = {
        "server": facts["server"],
        "count": facts["count"],
        "mailboxes": ", ".join(facts["mailboxes"]),
    }
    more = facts["count"] - len(facts["mailboxes"])
    if more > 0:
        names["mailboxes"] = _("%(mailboxes)s and %(more)d more") % {**names, "more": more}
    subject = ngettext(
        "%(server)s: %(count)d mailbox waits for an administrator",
        "%(server)s: %(count)d mailboxes wait for an administrator",
        facts["count"],
    )
    only = facts["count"] == 1
    return Words(
        subject=subject % names,
        paragraphs=[told.headline, _("Mailboxes: %(mailboxes)s") % names, told.still_works],
        steps=remedies.steps(notice.fault, server=facts["server"], mailbox=facts["mailboxes"][0]),
        button=_("Check this mailbox") if only else _("See the accounts"),
        path=reverse("webmail:check", args=[facts["account"]])
        if only
        else reverse("webmail:manage_accounts"),
    )


def _unreadable() -> Iterator[Fault]:
    count = sum(code in _UNREADABLE for _a, _d, code in stopped(Health.ADMINISTRATOR_REQUIRED))
    if count:
        people = list(User.objects.active().filter(is_system_administrator=True))
        yield Fault("groupware.encryption", "encryption_key_missing", people, {"count": count})


def _words_of_secrets(notice: Notice) -> Words:
    told = authorization.advise("encryption_key_missing")
    return Words(
        subject=_("Stored access to mailboxes cannot be opened"),
        paragraphs=[
            told.headline,
            _("Nothing was lost. With the right key everything goes on by itself."),
        ],
        steps=told.steps,
        button=_("Open the state of the installation"),
        path=reverse("functions:health"),
    )


def digest(person: Any) -> list[str]:
    """What waits for a function administrator of webmail: mailboxes by whose turn it is."""
    appointed = FunctionAdministrator.objects.filter(key="webmail", user=person).exists()
    if not appointed and not person.is_system_administrator:
        return []
    lines = []
    if count := len(found := _addresses(Health.ADMINISTRATOR_REQUIRED)):
        line = ngettext(
            "%(count)d mailbox waits for an administrator: %(names)s",
            "%(count)d mailboxes wait for an administrator: %(names)s",
            count,
        )
        lines.append(line % {"count": count, "names": _some(found)})
    if count := len(found := _addresses(Health.OWNER_REQUIRED)):
        line = ngettext(
            "%(count)d mailbox waits for its owner: %(names)s",
            "%(count)d mailboxes wait for their owners: %(names)s",
            count,
        )
        lines.append(line % {"count": count, "names": _some(found)})
    return lines


def _addresses(health: str) -> list[str]:
    return list(dict.fromkeys(account.address for account, _direction, _code in stopped(health)))


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMES_SHOWN]) + (" …" if len(names) > _NAMES_SHOWN else "")


def _since(account: MailAccount, direction: str) -> str:
    since = getattr(account, f"{direction}_error_since")
    return (since or timezone.now()).isoformat()


def _moment(written: str) -> str:
    moment = parse_datetime(written)
    return in_words(moment) if moment else ""
