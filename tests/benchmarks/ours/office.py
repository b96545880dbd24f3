"""An office of thousands: what its function administrator waits for, as whole requests and in seconds of the server."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware.organisation.models import Membership, Unit
from groupware.users.models import User
from oauthservers.models import AuthorizationServer, Grant
from tests.benchmarks.measuring import cpu_of
from tests.factories import webmail as make
from webmail import switchover, transfer
from webmail.models import AccountImport, MailAccount, MailServer, Switchover

Spent = tuple[float, float]  # seconds of CPU, seconds by the clock

_TURNS = 5
_DEPARTMENTS = 50


def office(facts: dict[str, Any]) -> dict[str, Any]:
    """Seconds of each request for ``facts["people"]`` people with an account each; of reading, the best of some turns."""
    people = facts["people"]
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(_furnish(people))
    unit = Unit.objects.order_by("pk")[3].public_id
    server = MailServer.objects.filter(protocol="imap").earliest("pk").public_id
    overview = reverse("webmail:manage_overview")
    accounts = reverse("webmail:manage_accounts")
    reading: dict[str, Callable[[], Any]] = {
        "overview": lambda: browser.get(overview),
        "overview, live": lambda: browser.get(overview, headers={"HX-Request": "true"}),
        "overview, last page": lambda: browser.get(overview, {"page": "last"}),
        "overview, by state": lambda: browser.get(overview, {"state": "authorization_needed"}),
        "overview, by words": lambda: browser.get(overview, {"q": "person 49"}),
        "overview, by department": lambda: browser.get(overview, {"unit": unit}),
        "overview, by server": lambda: browser.get(overview, {"server": server}),
        "overview as CSV": lambda: browser.post(reverse("webmail:manage_overview_export")),
        "personal accounts": lambda: browser.get(accounts),
        "personal accounts, searched": lambda: browser.get(accounts, {"q": "person 49"}),
        "export of accounts": lambda: browser.post(reverse("webmail:manage_export")),
    }
    found = {name: min(_seconds(ask) for _turn in range(_TURNS)) for name, ask in reading.items()}
    return found | _import(browser, people) | _invite(browser) | _switchover(browser)


def _seconds(ask: Callable[[], Any], expected: int = 200) -> Spent:
    """What one request costs: CPU of this process and of its database connection, and the time it took."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    used = time.process_time() + cpu_of(backend)
    began = time.perf_counter()
    answer = ask()
    if answer.streaming:
        b"".join(answer.streaming_content)
    spent = (time.process_time() + cpu_of(backend) - used, time.perf_counter() - began)
    if answer.status_code != expected:
        raise RuntimeError(f"{answer.request['PATH_INFO']} answered {answer.status_code}.")
    return spent


def _import(browser: Client, people: int) -> dict[str, Spent]:
    """A file that changes every account, and one that adds as many."""
    found = {}
    lines = list(transfer.exported(MailAccount.objects.order_by("pk")))
    changed = "".join(lines).replace("Work", "Office")
    User.objects.bulk_create(
        [User(username=f"new{n}", email=f"new{n}@example.test") for n in range(people)]
    )
    header = "owner,address,incoming_server,outgoing_server\n"
    rows = (f"new{n},new{n}@example.test,mail-imap,mail-smtp\n" for n in range(people))
    for name, text in (("changing", changed), ("adding", header + "".join(rows))):
        file = SimpleUploadedFile("accounts.csv", text.encode(), "text/csv")
        page = reverse("webmail:manage_transfer")
        found[f"CSV {name} all: upload"] = _seconds(
            lambda file=file, page=page: browser.post(page, {"file": file}), 302
        )
        upload = AccountImport.objects.latest("pk")
        page = reverse("webmail:manage_import", args=[upload.public_id])
        found[f"CSV {name} all: preview"] = _seconds(lambda page=page: browser.get(page))
        seen = transfer.plan(transfer.table(upload.content), MailAccount.objects.all())
        body = {"fingerprint": seen.fingerprint}
        apply = reverse("webmail:manage_import_apply", args=[upload.public_id])
        found[f"CSV {name} all: apply"] = _seconds(
            lambda apply=apply, body=body: browser.post(apply, body), 302
        )
        upload.refresh_from_db()
        if upload.result.get("change", 0) + upload.result.get("add", 0) != people:
            raise RuntimeError(f"The file was applied as {upload.result}.")
    return found


def _invite(browser: Client) -> dict[str, Spent]:
    invite = reverse("webmail:manage_invite")
    found = {"inviting all that wait": _seconds(lambda: browser.post(invite, {"all": "1"}), 302)}
    page = reverse("webmail:manage_invitations")
    return found | {"list of invitations": _seconds(lambda: browser.get(page))}


def _switchover(browser: Client) -> dict[str, Spent]:
    """Everybody on an old server with a password, moved together and taken back."""
    target = MailServer.objects.get(key="mail-imap")
    old = make.MailServerFactory(host="old.example.test")
    MailAccount.objects.update(
        incoming_server=old, receive_authentication="password", receive_grant=None, send_grant=None
    )
    made = Switchover.objects.create(
        host=old.host,
        authentication="password",
        incoming_server=target,
        outgoing_server=MailServer.objects.get(key="mail-smtp"),
    )
    page = reverse("webmail:manage_switchover", args=[made.public_id])
    found = {"switchover: preview": _seconds(lambda: browser.get(page))}
    seen = switchover.fingerprint(switchover.moves(made, MailAccount.objects.all()))
    apply = reverse("webmail:manage_switchover_apply", args=[made.public_id])
    found["switchover: apply"] = _seconds(lambda: browser.post(apply, {"fingerprint": seen}), 302)
    found["switchover: progress"] = _seconds(lambda: browser.get(page))
    undo = reverse("webmail:manage_switchover_undo", args=[made.public_id])
    found["switchover: undo"] = _seconds(lambda: browser.post(undo, {"all": "1"}), 302)
    if MailAccount.objects.filter(incoming_server=old).count() != MailAccount.objects.count():
        raise RuntimeError("The switchover was not taken back.")
    return found


def _furnish(people: int) -> User:
    """People in departments, an account each, and connections in every state."""
    admin = make.PersonFactory(username="admin", is_system_administrator=True)
    servers = [make.AuthorizationServerFactory() for _ in range(2)]
    incoming = make.MailServerFactory(key="mail-imap", authorization_server=servers[0])
    outgoing = make.MailServerFactory(
        key="mail-smtp", protocol="smtp", authorization_server=servers[0]
    )
    units = Unit.objects.bulk_create(
        [Unit(key=f"unit-{n}", name=f"Department {n}") for n in range(_DEPARTMENTS)]
    )
    now = timezone.now()
    owners = User.objects.bulk_create(
        [
            User(username=f"person{n}", display_name=f"Person {n}", email=f"person{n}@example.test")
            for n in range(people)
        ]
    )
    Membership.objects.bulk_create(
        [Membership(user=one, unit=units[n % _DEPARTMENTS]) for n, one in enumerate(owners)]
    )
    grants = Grant.objects.bulk_create(
        [_grant(one, servers[0], n, now) for n, one in enumerate(owners) if n % 4]
    )
    by_owner = {grant.created_by_id: grant for grant in grants}
    MailAccount.objects.bulk_create(
        [
            MailAccount(
                owner=one,
                name="Work",
                address=f"mail{n}@example.test",
                incoming_server=incoming,
                outgoing_server=outgoing,
                receive_grant=by_owner.get(one.pk),
                receive_health="working" if n % 4 > 1 else "owner_required",
                received_at=now,
                sent_at=now,
            )
            for n, one in enumerate(owners)
        ]
    )
    return admin


def _grant(owner: User, server: AuthorizationServer, number: int, now: Any) -> Grant:
    state = Grant.State.REAUTHORIZATION_REQUIRED if number % 4 == 1 else Grant.State.ACTIVE
    return Grant(
        server=server,
        created_by=owner,
        mailbox_address=f"mail{number}@example.test",
        subject=str(number),
        signed_in_as=f"mail{number}@example.test",
        state=state,
        state_since=now - timedelta(days=1),
        refreshed_at=now,
    )
