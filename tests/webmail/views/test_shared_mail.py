"""Mail of a shared account: what readers, senders and managers see and may do."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import shared
from tests.factories import webmail as make
from tests.webmail.views.conftest import words
from webmail import actions
from webmail.models import Mailbox, Message, RemoteOperation

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict:
    """One person for each right."""
    return {role: make.PersonFactory(username=role) for role in ("reader", "sender", "manager")}


@pytest.fixture
def account(people):
    """A shared account with one unread message."""
    account = shared.shared_account(**people)
    make.received(make.inbox(account))
    return account


def browser(person) -> Client:
    """A browser in which ``person`` is signed in."""
    client = Client()
    client.force_login(person)
    return client


def act(person, verb: str, message: Message, **fields):
    """Press a verb."""
    body = {"verb": verb, "message": message.public_id, **fields}
    return browser(person).post(reverse("webmail:act"), body, headers={"HX-Request": "true"})


def test_a_reader_marks_and_flags_for_everybody(account, people) -> None:
    message = account.messages.get()
    assert act(people["reader"], "read", message).status_code == 200
    assert act(people["reader"], "flag", message).status_code == 200
    message.refresh_from_db()
    assert message.is_seen
    assert message.is_flagged
    assert RemoteOperation.objects.filter(kind="store_flags").count() == 2


@pytest.mark.parametrize("verb", ["archive", "delete", "junk", "not_junk", "move"])
def test_a_reader_neither_moves_nor_deletes(account, people, verb) -> None:
    message = account.messages.get()
    target = account.mailboxes.get(role="archive").public_id
    assert act(people["reader"], verb, message, target=target).status_code == 404
    assert not RemoteOperation.objects.exists()
    assert act(people["sender"], verb, message, target=target).status_code == 200
    message.refresh_from_db()
    assert message.mailbox.role != "inbox" or verb == "not_junk"


def test_a_reader_cannot_undo_what_a_sender_moved(account, people) -> None:
    message = account.messages.get()
    token = actions.archive(people["sender"], Message.objects.filter(pk=message.pk))
    assert actions.undo(people["reader"], token) is None
    account.members.filter(user=people["sender"]).update(role="reader")
    actions.undo(people["sender"], token)
    message.refresh_from_db()
    assert message.mailbox.role == Mailbox.Role.ARCHIVE


def test_nobody_moves_mail_into_an_account_that_they_may_only_read(account, people) -> None:
    own = make.account_with_folders(people["reader"])
    message = make.received(make.inbox(own))
    target = make.inbox(account).public_id
    assert act(people["reader"], "move", message, target=target).status_code == 404


def test_a_reader_is_shown_no_control_that_would_be_refused(account, people) -> None:
    address = reverse("webmail:message", args=[account.messages.get().public_id])
    for_reader = words(browser(people["reader"]).get(address))
    for_sender = words(browser(people["sender"]).get(address))
    for control in ('="delete"', '"archive"', '"junk"', "/reply/", "Move to…"):
        assert control not in for_reader, control
    assert "Can read" in for_reader
    assert '"flag"' in for_reader
    assert 'id="compose"' not in for_reader
    for control in ('"delete"', '"archive"', '"junk"', "/reply/", "Move to…", 'id="compose"'):
        assert control in for_sender, control
    assert "Can read" not in for_sender


@pytest.mark.parametrize(("role", "status"), [("reader", 404), ("sender", 302), ("manager", 302)])
def test_only_who_may_send_answers(account, people, role, status) -> None:
    address = reverse("webmail:answer", args=[account.messages.get().public_id, "reply"])
    assert browser(people[role]).post(address).status_code == status


def test_a_reader_begins_no_message_from_the_shared_account(account, people) -> None:
    client = browser(people["reader"])
    response = client.post(reverse("webmail:compose"), {"account": account.public_id})
    assert response.url == reverse("webmail:account_list")
    own = make.account_with_folders(people["reader"])
    client.post(reverse("webmail:compose"), {"account": account.public_id})
    assert list(account.outgoing_messages.all()) == []
    assert own.outgoing_messages.count() == 1


def test_a_draft_is_sent_from_a_shared_account_only_by_who_may_send(account, people) -> None:
    own = make.account_with_folders(people["reader"])
    draft = make.OutgoingMessageFactory(account=own, author=people["reader"])
    fields = {
        "account": account.pk,
        "to": "a@example.test",
        "version": 1,
        "subject": "",
        "text": "",
    }
    address = reverse("webmail:draft", args=[draft.public_id])
    assert browser(people["reader"]).post(address, fields).status_code == 422
    draft.refresh_from_db()
    assert (draft.account_id, draft.state) == (own.pk, "draft")


def test_a_colleague_takes_a_refused_message_over(account, people) -> None:
    refused = make.OutgoingMessageFactory(account=account, author=people["sender"], state="failed")
    client = browser(people["manager"])
    page = words(client.get(reverse("webmail:outbox")))
    assert f"Orders, written by {people['sender']}" in page
    response = client.post(reverse("webmail:edit", args=[refused.public_id]), follow=True)
    assert response.status_code == 200
    refused.refresh_from_db()
    assert (refused.state, refused.author) == ("draft", people["manager"])


def test_own_accounts_stand_before_shared_ones(account, people) -> None:
    own = make.account_with_folders(people["sender"], name="My own mail")
    client = browser(people["sender"])
    assert client.get(reverse("webmail:home")).url == reverse(
        "webmail:mailbox", args=[make.inbox(own).public_id]
    )
    page = words(client.get(reverse("webmail:mailbox", args=[make.inbox(account).public_id])))
    assert page.index("My own mail") < page.index('title="orders@example.test"')


def test_mail_of_a_shared_account_closes_with_the_right(account, people) -> None:
    client = browser(people["reader"])
    address = reverse("webmail:mailbox", args=[make.inbox(account).public_id])
    assert client.get(address).status_code == 200
    account.members.filter(user=people["reader"]).delete()
    assert client.get(address).status_code == 404
