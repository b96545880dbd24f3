"""What follows from an accepted message, also when its bytes make trouble."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import current_app
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone

from tests.sandbox import Sandbox
from tests.webmail.conftest import MailWorld
from tests.webmail.outbox.test_delivery import delivered, queued
from webmail import outbox, parser, tasks
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


def abandoned(outgoing: OutgoingMessage) -> OutgoingMessage:
    """A message whose worker died after the server had taken it."""
    rows = OutgoingMessage.objects.filter(pk=outgoing.pk)
    rows.update(state=State.SENDING, phase="accepted", lease_expires_at=timezone.now())
    return outgoing


def spoil(outgoing: OutgoingMessage, content: bytes | None) -> None:
    """Damage the bytes of a message, or remove them."""
    storage = storages["raw"]
    path = f"{outgoing.digest[:2]}/{outgoing.digest[2:4]}/{outgoing.digest}.gz"
    storage.delete(path)
    if content is not None:
        storage.save(path, ContentFile(content))


@pytest.mark.parametrize("content", [None, b"no gzip", b"\x1f\x8b\x08\x00"])
def test_a_message_that_cannot_be_settled_does_not_hold_up_the_others(
    world: MailWorld, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    account = world.account("pop3")
    spoilt = abandoned(queued(account, subject="Spoilt"))
    abandoned(queued(account, subject="Sound"))
    spoil(spoilt, content)

    assert outbox.recover() == 1

    states = OutgoingMessage.objects.values_list("subject", "state")
    assert dict(states) == {"Spoilt": State.SENDING, "Sound": State.SENT}
    assert f"Message {spoilt.pk} could not be settled" in caplog.text


@pytest.fixture
def tasks_at_once() -> Iterator[None]:
    """A task that is asked for runs in its place."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def test_old_trouble_does_not_hold_up_what_is_due(world: MailWorld, tasks_at_once: None) -> None:
    account = world.account("pop3")
    spoil(abandoned(queued(account, subject="Spoilt")), None)
    waiting = queued(account, subject="Waiting")

    tasks.deliver_due.run()

    waiting.refresh_from_db()
    assert waiting.state == State.SENT
