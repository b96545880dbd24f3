"""Client secrets, passwords and tokens leave no trace: not in logs, pages, tracebacks, queues, rows or files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import mail
from django.views.debug import ExceptionReporter

from oauthservers import refreshing, vault
from oauthservers.models import AuthorizationServer
from tests import environment
from tests.journeys.canaries import (
    Canaries,
    database_dump,
    listening,
    redis_dump,
    watching_redis,
)
from tests.journeys.test_connecting import fill_in
from tests.journeys.test_main_job import answer, refreshed
from tests.journeys.town import ADDRESS, Town, eventually
from tests.journeys.visitor import Visitor
from tests.sandbox import PASSWORD
from webmail import connections
from webmail.models import MailAccount
from webmail.protocols.imap_connection import ImapConnection

WRONG = "wrong-canary-of-pierre"
TYPED = "typed-canary-of-admin"
_LINK = re.compile(r'(?:href|hx-get|src)="(/[^"#]*)')
_NOT_PAGES = re.compile(r"/static/|/livez|/readyz|/accounts/logout|/source/|/files/|\?|/jsi18n/")


@pytest.fixture
def canaries(office: Town) -> Canaries:
    """What the story must not spill."""
    sandbox = office.sandbox
    realms = (sandbox.microsoft, sandbox.google, sandbox.generic)
    return Canaries(office, PASSWORD, WRONG, TYPED, *(realm.client_secret for realm in realms))


def live_through_much(office: Town) -> None:
    """Connect, refresh, send, and meet the errors in which secrets are easily spilled."""
    alice, pierre = office.visitor("alice"), office.visitor("pierre")
    office.realm("alice").set(access_token_seconds=3)
    office.deliver("alice", "Question", From=ADDRESS["kenji"])
    fill_in(alice, "alice", "imap", button="authenticate")
    alice.consent(office.realm("alice"), ADDRESS["alice"])
    typed = {"receive_authentication": "password", "new_receive_password": WRONG}
    fill_in(pierre, "pierre", "pop3", button="save", **typed)
    maria = office.account("maria")
    olga = office.account("olga")
    account = MailAccount.objects.get(owner__username="alice")
    eventually(lambda: "Question" in office.subjects(account), "mail arrives")
    answer(alice, "Question")
    eventually(lambda: office.on_server("alice", "Sent"), "the answer leaves")
    eventually(lambda: refreshed(office, "alice") >= 2, "the token is refreshed")

    grants = (maria.receive_grant, olga.receive_grant)
    tokens = [vault.access_token(grant) for grant in grants]  # while the servers still give some
    office.realm("olga").change_secret("another")
    office.realm("maria").fault("page", status=502)
    office.realm("maria").revoke(ADDRESS["maria"])
    for grant, token in zip(grants, tokens, strict=True):
        vault.discard(grant, token)
    MailAccount.objects.update(next_sync_at=None)
    for username in ("maria", "olga", "pierre"):
        eventually(
            lambda name=username: MailAccount.objects.get(owner__username=name).receive_error_code,
            f"the trouble of {username} is noticed",
        )


def crawl(visitor: Visitor, start: list[str], most: int) -> dict[str, str]:
    """Follow every link from page to page; address → HTML."""
    waiting, pages = list(start), {}
    while waiting and len(pages) < most:
        address = waiting.pop(0)
        if address in pages or _NOT_PAGES.search(address):
            continue
        page = visitor.get(address)
        assert page.status < 500, f"{address}: {page.words[:300]}"
        pages[address] = page.html
        waiting += _LINK.findall(page.html)
    return pages


def files() -> dict[str, str]:
    """What the product has written to disk, the worker's log included."""
    apart = {"journeys", "sandbox", "static"}
    found = {}
    for path in Path(environment.DATA).rglob("*"):
        if path.is_file() and path.relative_to(environment.DATA).parts[0] not in apart:
            # By another process: closing a SQLite file here would drop this process's locks on it (POSIX fcntl).
            read = subprocess.run(["cat", str(path)], capture_output=True, check=False)
            found[str(path)] = read.stdout.decode("utf-8", "replace")
    return found


def test_a_day_of_work_and_trouble_spills_no_secret(
    office: Town, canaries: Canaries, workers
) -> None:
    with listening() as log, watching_redis() as commands:
        live_through_much(office)
        pages = {}
        for username, start in {
            "alice": ["/", "/mail/", "/mail/outbox/", "/settings/connections/"],
            "pierre": ["/", "/mail/", "/settings/"],
            "admin": ["/system/", "/manage/", "/admin/", "/"],
        }.items():
            visited = crawl(office.visitor(username), start, 60)
            pages |= {f"{username} at {address}": html for address, html in visited.items()}
        kept = redis_dump()

    database, on_disk = database_dump(), files()
    worker_log = on_disk[str(environment.DATA / "worker.log")]
    # The nets have caught something at all: otherwise what follows proves nothing.
    assert ADDRESS["alice"] in database and "v1:" in database
    assert any("webmail.tasks.sync_account" in command for command in commands) and kept
    assert "refreshed" in worker_log and "Sent" in "".join(pages.values())
    assert any("/oauth/callback/" in line for line in log.lines) and len(pages) > 60
    assert any(address.startswith("admin at /admin/oauthservers/grant/") for address in pages)

    canaries.assert_absent(pages)
    canaries.assert_absent({"the log": "\n".join(log.lines)})
    canaries.assert_absent({"Redis": kept, "commands to Redis": "\n".join(commands)})
    canaries.assert_absent({"the database": database, **on_disk})
    canaries.assert_absent({"e-mails": "\n".join(str(sent.message()) for sent in mail.outbox)})


def test_the_search_finds_a_token_that_lies_open_in_a_column(
    office: Town, canaries: Canaries
) -> None:
    grant = office.account("maria").receive_grant
    token = vault.access_token(grant)
    for _other in range(6):
        office.realm("maria").issue(ADDRESS["maria"])
    canaries.assert_absent({"the database": database_dump()})
    type(grant).objects.filter(pk=grant.pk).update(error_detail=f"refused: {token}")
    with pytest.raises(AssertionError, match="the database holds 1 secrets"):
        canaries.assert_absent({"the database": database_dump()})


def report() -> dict[str, str]:
    """The exception being handled, as the error page and the error mail of production show it."""
    reporter = ExceptionReporter(None, *sys.exc_info())
    assert reporter.get_traceback_frames()
    return {
        "traceback page": reporter.get_traceback_html(),
        "traceback mail": reporter.get_traceback_text(),
    }


def stumble(*_: object, **__: object) -> None:
    """A fault of ours in the worst place."""
    raise RuntimeError("a fault of ours")


@pytest.mark.parametrize("username", ["alice", "haruka", "olga"])
def test_a_traceback_from_the_middle_of_a_refresh_spills_no_secret(
    office: Town, canaries: Canaries, monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    grants = [office.grant(username) for _number in range(3)]
    office.outdate()
    monkeypatch.setattr(refreshing, "_follow_chain", stumble)
    try:
        vault.access_token(grants[-1])
    except RuntimeError:
        canaries.assert_absent(report())
    else:
        pytest.fail("Nothing stumbled.")


@pytest.mark.parametrize("username", ["alice", "pierre"])
def test_a_traceback_from_the_middle_of_a_sign_in_spills_no_secret(
    office: Town, canaries: Canaries, monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    for _number in range(4):
        office.grant("alice")
    account = office.account(username)
    monkeypatch.setattr(ImapConnection, "_read_capabilities", stumble)
    try:
        with connections.imap(account):
            pytest.fail("Nothing stumbled.")
    except RuntimeError:
        canaries.assert_absent(report())


def test_nobody_reads_a_secret_back_from_a_form(office: Town, canaries: Canaries) -> None:
    for _number in range(4):
        office.grant("alice")
    admin, pierre = office.visitor("admin"), office.visitor("pierre")
    account = office.account("pierre", "pop3")
    forms = {"account": pierre.get(f"/settings/mail/{account.public_id}/").html}
    for server in AuthorizationServer.objects.all():
        address = f"/system/authorization-servers/{server.public_id}/"
        forms[address] = admin.get(address).html
        forms[f"{address} form"] = admin.get(f"{address}edit/").html
        # Refused because it has no name, and shown again.
        admin.submit(admin.page.form("client_secret"), name="", client_secret=TYPED)
        forms[f"{address} refused"] = admin.page.html
    assert len(forms) == 10 and all(forms.values())
    canaries.assert_absent(forms)
