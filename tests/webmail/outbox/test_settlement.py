"""What follows from an accepted message, also when its bytes make trouble."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.sandbox import Sandbox
from tests.webmail.conftest import MailWorld
from tests.webmail.outbox.test_delivery import delivered, queued
from webmail import outbox, parser
from webmail.models import Message, OutgoingMessage
from webmail.outbox import settlement

State = OutgoingMessage.State


@pytest.fixture
def world(transactional_db: None, empty_sandbox: Sandbox) -> MailWorld:
    """A mailbox whose transactions are the product's own."""
    world = MailWorld(empty_sandbox)
    world.wipe()
    return world


@pytest.mark.parametrize("way", ["sent", "confirmed"])
def test_a_local_copy_is_parsed_outside_of_the_transaction(
    world: MailWorld, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    inside: list[bool] = []

    class Watched:
        """The parser, noting whether a transaction waits for it."""

        @staticmethod
        def parse(raw: bytes):
            inside.append(connection.in_atomic_block)
            return parser.parse(raw)

    monkeypatch.setattr(settlement, "parser", Watched)
    outgoing = queued(world.account("pop3"))
    if way == "sent":
        delivered(outgoing)
    else:
        OutgoingMessage.objects.update(state=State.UNCLEAR)
        assert outbox.confirm_arrived(outgoing)

    assert outgoing.state == State.SENT
    assert inside == [False]
    copy = Message.objects.get(mailbox__name="Sent")
    assert (copy.digest, copy.message_id) == (outgoing.digest, outgoing.message_id)
