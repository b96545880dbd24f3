"""Stories begin with the sandbox's servers registered, its people signed up, and every mailbox empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from groupware.users.models import User
from tests import environment
from tests.faults import FaultyProxy
from tests.journeys.town import Town
from tests.sandbox import Sandbox
from webmail.models import WebmailPolicy


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Servers of the stories' own: mailboxes are emptied between them."""
    folder = environment.DATA / "journeys"
    folder.mkdir()
    redirect_base = f"http://localhost:{environment.LIVE_SERVER_PORT}"
    with Sandbox(data=folder, redirect_base=redirect_base, seed_messages=False) as running:
        yield running


@pytest.fixture(scope="session")
def provisioning(sandbox: Sandbox) -> Path:
    """Servers and people of the sandbox, without mail accounts: those are set up in the stories."""
    text = sandbox.provisioning_file.read_text().partition("[[mail_account]]")[0]
    path = sandbox.provisioning_file.with_name("journeys.toml")
    path.write_text(text)
    return path


@pytest.fixture
def town(transactional_db: None, sandbox: Sandbox, provisioning: Path, settings) -> Iterator[Town]:
    """The sandbox as at the start, and rows that describe it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    town = Town(sandbox)
    realms = (sandbox.microsoft, sandbox.google, sandbox.generic)
    for realm in realms:
        realm.reset()
    town.empty_mailboxes()
    call_command("provision", str(provisioning), verbosity=0)
    User.objects.update(language="en")
    WebmailPolicy.objects.create(undo_seconds=1)
    yield town
    for realm in realms:
        realm.reset()


@pytest.fixture
def office(town: Town, live_server) -> Town:
    """The town with the groupware answering at its public address."""
    town.base = live_server.url
    for person in town.sandbox.people:
        if person.signs_in_at:
            getattr(town.sandbox, person.signs_in_at).forget_consent(person.address)
    return town


@pytest.fixture
def imap(sandbox: Sandbox) -> Iterator[FaultyProxy]:
    """Between the groupware and the IMAP server."""
    with FaultyProxy(sandbox.imap.port) as proxy:
        yield proxy


@pytest.fixture
def submission(sandbox: Sandbox) -> Iterator[FaultyProxy]:
    """Between the groupware and the submission server."""
    with FaultyProxy(sandbox.submission.port) as proxy:
        yield proxy
