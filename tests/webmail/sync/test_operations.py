"""What people do with messages reaches the server, in order, once."""

from __future__ import annotations

import pytest

from tests.webmail.conftest import MailWorld, receive, subjects
from webmail import actions, sync
from webmail.models import MailAccount, Mailbox, Message, RemoteOperation

State = RemoteOperation.State


@pytest.fixture
def account(world: MailWorld) -> MailAccount:
    """An account with three messages and two more folders."""
    world.deliver("One", "Two", "Three")
    with world.imap() as client:
        client.create('"Trash"')
        client.create('"Projects"')
    account = world.account()
    receive(account)
    return account


def some(*names: str):
    return Message.objects.filter(subject__in=names)


def folder(account: MailAccount, name: str) -> Mailbox:
    return Mailbox.objects.get(account=account, name=name)


def counts(account: MailAccount, name: str) -> tuple[int, int]:
    found = folder(account, name)
    return found.total, found.unseen


def test_read_and_flagged_reach_the_server(world: MailWorld, account: MailAccount) -> None:
    actions.mark_seen(account.owner, some("One", "Two"))
    actions.mark_flagged(account.owner, some("One"))
    assert counts(account, "INBOX") == (3, 1)
    assert world.on_server()["One"] == ""

    sync.push(account.pk)

    assert world.on_server() == {"One": "\\Flagged \\Seen", "Two": "\\Seen", "Three": ""}
    assert set(RemoteOperation.objects.values_list("state", flat=True)) == {State.DONE}
    receive(account)
    assert counts(account, "INBOX") == (3, 1)


def test_a_flag_that_waits_for_the_server_is_not_overwritten(
    world: MailWorld, account: MailAccount
) -> None:
    actions.mark_seen(account.owner, some("One"))
    with world.imap() as client:
        client.select("INBOX")
        client.store("1:*", "+FLAGS", "\\Flagged")
    # The server is asked for its flags while our change still waits.
    RemoteOperation.objects.update(next_attempt_at="2099-01-01T00:00:00Z")
    receive(account)
    assert Message.objects.get(subject="One").is_seen
    assert Message.objects.get(subject="Two").is_flagged

    RemoteOperation.objects.update(next_attempt_at="2000-01-01T00:00:00Z")
    receive(account)
    one = Message.objects.get(subject="One")
    assert (one.is_seen, one.is_flagged) == (True, True)


def test_a_moved_message_keeps_its_row_and_exists_once(
    world: MailWorld, account: MailAccount
) -> None:
    before = Message.objects.get(subject="One").pk
    actions.move(account.owner, some("One"), folder(account, "Projects"))
    assert (counts(account, "INBOX"), counts(account, "Projects")) == ((2, 2), (1, 1))

    receive(account)

    assert "One" not in world.on_server() and "One" in world.on_server("Projects")
    moved = Message.objects.get(subject="One")
    assert (moved.pk, moved.mailbox.name) == (before, "Projects")
    assert moved.uid is not None and moved.uid_validity == moved.mailbox.uid_validity
    receive(account)
    assert Message.objects.count() == 3
    assert (counts(account, "INBOX"), counts(account, "Projects")) == ((2, 2), (1, 1))


def test_a_message_moved_here_does_not_come_back_before_the_server_knows(
    world: MailWorld, account: MailAccount
) -> None:
    actions.move(account.owner, some("One"), folder(account, "Projects"))
    RemoteOperation.objects.update(next_attempt_at="2099-01-01T00:00:00Z")
    world.deliver("Four")
    receive(account)
    assert sorted(subjects(account)) == ["Four", "Three", "Two"]


def test_moves_flags_and_moves_again_arrive_in_order(
    world: MailWorld, account: MailAccount
) -> None:
    actions.move(account.owner, some("One"), folder(account, "Projects"))
    actions.mark_seen(account.owner, some("One"))
    actions.move(account.owner, some("One"), folder(account, "Trash"))
    sync.push(account.pk)
    assert world.on_server("Trash") == {"One": "\\Seen"}
    assert world.on_server("Projects") == {}
    receive(account)
    assert subjects(account, "Trash") == ["One"] and Message.objects.count() == 3


def test_a_move_done_by_a_worker_that_died_is_recognised(
    world: MailWorld, account: MailAccount
) -> None:
    actions.move(account.owner, some("One"), folder(account, "Projects"))
    with world.imap() as client:  # what the dead worker did before it could say so
        client.select("INBOX")
        client.uid("MOVE", "1", "Projects")
    receive(account)
    assert subjects(account, "Projects") == ["One"]
    assert Message.objects.count() == 3
    assert RemoteOperation.objects.get().state == State.DONE


def test_deleting_moves_to_trash_and_from_there_for_good(
    world: MailWorld, account: MailAccount
) -> None:
    actions.delete(account.owner, some("One"))
    receive(account)
    assert world.on_server("Trash") == {"One": ""}

    actions.delete(account.owner, some("One"))
    assert counts(account, "Trash") == (0, 0)
    RemoteOperation.objects.update(next_attempt_at="2000-01-01T00:00:00Z")
    receive(account)
    assert world.on_server("Trash") == {}
    assert not some("One").exists()


def test_deleting_makes_a_trash_folder_where_there_is_none(world: MailWorld) -> None:
    world.deliver("One")
    account = world.account()
    receive(account)
    actions.delete(account.owner, some("One"))
    receive(account)
    assert world.on_server("Trash") == {"One": ""}
    assert subjects(account, "Trash") == ["One"]


def test_junk_and_archive_make_their_folders_and_not_junk_comes_back(
    world: MailWorld, account: MailAccount
) -> None:
    actions.junk(account.owner, some("One"))
    actions.archive(account.owner, some("Two"))
    receive(account)
    assert world.on_server("Junk") == {"One": ""} and world.on_server("Archive") == {"Two": ""}
    actions.junk(account.owner, some("One"), junk=False)
    receive(account)
    assert "One" in world.on_server()


@pytest.mark.parametrize("verb", [actions.mark_seen, actions.mark_flagged, actions.delete])
@pytest.mark.parametrize("is_pushed", [False, True])
def test_undo_restores_both_sides(
    world: MailWorld, account: MailAccount, verb, is_pushed: bool
) -> None:
    before, on_server = counts(account, "INBOX"), world.on_server()
    token = verb(account.owner, some("One"))
    if is_pushed:
        receive(account)
    assert actions.undo(account.owner, token) == {account.pk}
    receive(account)
    assert (counts(account, "INBOX"), world.on_server()) == (before, on_server)
    one = Message.objects.get(subject="One")
    assert (one.is_seen, one.is_flagged, one.mailbox.name) == (False, False, "INBOX")


def test_deleting_for_good_can_be_undone_until_the_server_was_told(
    world: MailWorld, account: MailAccount
) -> None:
    actions.delete(account.owner, some("One"))
    receive(account)
    token = actions.delete(account.owner, some("One"))
    assert subjects(account, "Trash") == []
    assert actions.undo(account.owner, token) == {account.pk}
    assert subjects(account, "Trash") == ["One"]
    assert not RemoteOperation.objects.filter(state=State.WAITING).exists()


def test_a_token_is_of_no_use_to_somebody_else(world: MailWorld, account: MailAccount) -> None:
    token = actions.mark_seen(account.owner, some("One"))
    stranger = world.account().owner
    assert actions.undo(stranger, token) is None
    assert actions.undo(account.owner, token + "x") is None
    assert Message.objects.get(subject="One").is_seen


def test_nobody_touches_the_mail_of_somebody_else(world: MailWorld, account: MailAccount) -> None:
    stranger = world.account().owner
    actions.mark_seen(stranger, some("One"))
    actions.delete(stranger, some("One"))
    one = Message.objects.get(subject="One")
    assert not one.is_seen and one.mailbox.name == "INBOX"
    assert not RemoteOperation.objects.exists()


def test_what_the_server_refuses_is_taken_back(world: MailWorld, account: MailAccount) -> None:
    projects = folder(account, "Projects")
    actions.move(account.owner, some("One"), projects)
    # A name that no server takes: creating the folder is refused as well.
    Mailbox.objects.filter(pk=projects.pk).update(name="//")
    sync.push(account.pk)
    operation = RemoteOperation.objects.get()
    assert operation.state == State.FAILED and operation.error_code
    assert sorted(subjects(account)) == ["One", "Three", "Two"]
    assert counts(account, "INBOX") == (3, 3)


def test_operations_are_harmless_when_repeated(world: MailWorld, account: MailAccount) -> None:
    actions.mark_seen(account.owner, some("One"))
    actions.move(account.owner, some("Two"), folder(account, "Projects"))
    sync.push(account.pk)
    RemoteOperation.objects.update(state=State.WAITING)
    receive(account)
    receive(account)
    assert world.on_server("Projects") == {"Two": ""}
    assert sorted(Message.objects.values_list("subject", flat=True)) == ["One", "Three", "Two"]
