"""A shared mailbox through a delegate, on real servers: received, sent, and one copy in the shared Sent folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oauthservers.models import Grant
from tests.factories import shared
from tests.factories.webmail import PersonFactory
from tests.oauthservers.conftest import grant_for
from tests.sandbox import Sandbox
from tests.webmail.conftest import MailWorld, receive, subjects
from tests.webmail.outbox.test_delivery import queued
from tests.webmail.sync.test_tokens import OLGA, server
from webmail import outbox, sync
from webmail.models import MailAccount

__all__ = ["server"]

SHARED = "info@lab.example"


@pytest.fixture
def world(db: None, empty_sandbox: Sandbox) -> Iterator[MailWorld]:
    """The shared mailbox; nobody signs in as it."""
    world = MailWorld(empty_sandbox, SHARED)
    world.wipe()
    yield world
    world.wipe()


@pytest.fixture
def account(world: MailWorld, server) -> MailAccount:
    """A shared account that works with the connection of its delegate and belongs to no person."""
    grant = grant_for(world.sandbox.generic, server, PersonFactory(), address=OLGA, life=3600)
    Grant.objects.filter(pk=grant.pk).update(created_by=None)
    return world.account(
        owner=None,
        kind=MailAccount.Kind.SHARED,
        authorized_as=OLGA,
        receive_authentication=MailAccount.ReceiveAuthentication.OAUTH2,
        receive_password="",
        receive_grant=grant,
    )


def test_a_delegate_receives_and_sends_for_a_shared_mailbox(world, account) -> None:
    member = PersonFactory()
    shared.give(account, member, "sender")
    world.deliver("Question")
    assert receive(account) == sync.Outcome.DONE, account.receive_error_text
    assert subjects(account) == ["Question"]
    assert account in MailAccount.objects.sendable_by(member)

    outgoing = queued(account, author=member, subject="Answer", to="pierre@atelier.example")
    assert outbox.deliver(outgoing.pk) == "sent", outgoing.error_text
    sync.push(account.pk)
    assert list(world.on_server("Sent")) == ["Answer"]
    receive(account)
    assert subjects(account, "Sent") == ["Answer"]
