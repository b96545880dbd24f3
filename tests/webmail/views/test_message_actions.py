"""Verbs on one message and on many, and the way back."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from tests.factories import webmail as make
from webmail.models import Message, RemoteOperation

ACT = "/mail/messages/act/"


def act(client, verb: str, *messages: Message, **more: str):
    ids = [str(message.public_id) for message in messages]
    data = {"verb": verb, "message": ids, **more}
    return client.post(ACT, data, headers={"HX-Request": "true"})


def told(response) -> dict:
    return json.loads(response.headers["HX-Trigger-After-Settle"])


@pytest.fixture
def three(account) -> list[Message]:
    """Three unread messages in the inbox."""
    return [make.received(make.inbox(account), make.raw_message(subject=str(n))) for n in range(3)]


def column(name: str, messages: list[Message]) -> list:
    return list(
        Message.objects.filter(pk__in=[m.pk for m in messages])
        .order_by("pk")
        .values_list(name, flat=True)
    )


@pytest.mark.parametrize(
    ("verb", "name", "value"),
    [
        ("read", "is_seen", True),
        ("unread", "is_seen", False),
        ("flag", "is_flagged", True),
        ("unflag", "is_flagged", False),
    ],
)
def test_marks_are_set_on_every_chosen_message(client, three, verb, name, value):
    Message.objects.update(**{name: not value})
    response = act(client, verb, *three[:2])
    assert column(name, three) == [value, value, not value]
    page = response.content.decode()
    assert f'id="row-{three[0].public_id}"' in page
    assert f'id="row-{three[2].public_id}"' not in page


@pytest.mark.parametrize(
    ("verb", "role"), [("archive", "archive"), ("delete", "trash"), ("junk", "junk")]
)
def test_messages_leave_for_their_folder_and_come_back_by_undo(client, three, verb, role):
    response = act(client, verb, *three[:2])
    assert column("mailbox__role", three) == [role, role, "inbox"]
    assert f'<div id="row-{three[0].public_id}" hx-swap-oob="delete">' in response.content.decode()
    undone = client.post(told(response)["toast"]["undo"], headers={"HX-Request": "true"})
    assert column("mailbox__role", three) == ["inbox"] * 3
    assert "webmail:changed" in told(undone)


def test_only_figures_that_changed_are_sent(client, account, three):
    unread = make.received(account.mailboxes.get(name="Projects/青木"))
    inbox, archive = (account.mailboxes.get(role=role).public_id for role in ("inbox", "archive"))
    count = 'id="count-'
    page = act(client, "archive", three[0]).content.decode()
    assert {part[:36] for part in page.split(count)[1:]} == {str(inbox), str(archive)}
    assert count not in act(client, "flag", unread).content.decode()


def test_undoing_brings_the_figures_back(client, account, three):
    undo = told(act(client, "read", three[0]))["toast"]["undo"]
    page = client.post(undo, headers={"HX-Request": "true"}).content.decode()
    assert f'id="count-{make.inbox(account).public_id}" data-unread hx-swap-oob="true">3<' in page


def test_what_is_not_junk_goes_back_to_the_inbox(client, account):
    message = make.received(account.mailboxes.get(role="junk"))
    act(client, "not_junk", message)
    assert column("mailbox__role", [message]) == ["inbox"]


def test_messages_move_to_the_folder_that_was_chosen(client, account, three):
    target = account.mailboxes.get(name="Projects/青木")
    response = act(client, "move", three[0], target=str(target.public_id))
    assert column("mailbox_id", three[:1]) == [target.pk]
    assert "Projects" not in told(response)["toast"]["text"]
    assert "青木" in told(response)["toast"]["text"]


def test_nothing_moves_into_the_folder_of_another_account_or_person(client, account, three):
    mine = make.inbox(make.account_with_folders(owner=account.owner))
    theirs = make.inbox(make.account_with_folders())
    assert act(client, "move", three[0], target=str(mine.public_id)).status_code == 404
    assert act(client, "move", three[0], target=str(theirs.public_id)).status_code == 404
    assert act(client, "move", three[0], target="nonsense").status_code == 404
    assert column("mailbox__role", three) == ["inbox"] * 3


def test_the_server_is_told_of_every_change(client, three):
    act(client, "archive", *three)
    kinds = RemoteOperation.objects.values_list("kind", "target__role")
    assert list(kinds) == [("move", "archive")] * 3


def test_a_verb_from_the_reading_pane_closes_it(client, three, account):
    response = act(client, "archive", three[0], **{"from": "reading"})
    assert '<section id="reading" hx-swap-oob="innerHTML">' in response.content.decode()
    assert response.headers["HX-Push-Url"] == reverse(
        "webmail:mailbox", args=[make.inbox(account).public_id]
    )
    assert "webmail:closed" in told(response)


def test_undoing_a_great_many_needs_no_long_address(client, account):
    inbox = make.inbox(account)
    raw = make.raw_message()
    many = [make.received(inbox, raw) for _ in range(150)]
    undo = told(act(client, "archive", *many))["toast"]["undo"]
    assert len(undo) < 2000
    client.post(undo, headers={"HX-Request": "true"})
    assert set(column("mailbox__role", many)) == {"inbox"}


def test_an_undo_that_is_not_ours_changes_nothing(client, stranger, three):
    undo = told(act(client, "archive", three[0]))["toast"]["undo"]
    stranger.post(undo, headers={"HX-Request": "true"})
    client.post("/mail/messages/undo/nonsense/", headers={"HX-Request": "true"})
    assert column("mailbox__role", three[:1]) == ["archive"]


def test_without_scripts_the_list_comes_back(client, account, three):
    response = client.post(ACT, {"verb": "archive", "message": str(three[0].public_id)})
    assert response.headers["Location"] == reverse(
        "webmail:mailbox", args=[make.inbox(account).public_id]
    )


@pytest.mark.parametrize("verb", ["read", "flag", "archive", "delete", "junk", "move"])
def test_nobody_touches_the_messages_of_somebody_else(stranger, three, verb):
    assert act(stranger, verb, *three).status_code == 404
    assert column("mailbox__role", three) == ["inbox"] * 3
    assert column("is_seen", three) == [False] * 3


def test_of_a_mixed_choice_only_ones_own_messages_change(client, three):
    theirs = make.received(make.inbox(make.account_with_folders()))
    act(client, "read", three[0], theirs)
    assert column("is_seen", [three[0], theirs]) == [True, False]


def test_get_and_unknown_verbs_are_refused(client, three):
    assert client.get(ACT).status_code == 405
    assert act(client, "explode", three[0]).status_code == 400
    assert client.post(ACT, {"verb": "read", "message": "x"}).status_code == 404
    assert client.post(ACT, {"verb": "read"}).status_code == 404


def test_posts_without_the_token_of_our_pages_are_refused(account, three):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(account.owner)
    assert act(browser, "delete", three[0]).status_code == 403
