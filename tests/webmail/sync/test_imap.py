"""Receiving by IMAP from a real Dovecot."""

from __future__ import annotations

import pytest

from tests.factories.webmail import MailAccountFactory, MailServerFactory
from tests.faults.scripted import ScriptedServer, Turn
from tests.webmail.conftest import MailWorld, receive, subjects
from webmail import rawstore
from webmail.models import MailAccount, Mailbox, Message
from webmail.models.server import Security
from webmail.sync import Outcome

Health = MailAccount.Health


def test_the_first_run_brings_every_message_with_its_bytes(world: MailWorld) -> None:
    world.deliver("One", "Two", "Three")
    account = world.account()

    assert receive(account) == Outcome.DONE

    assert sorted(subjects(account)) == ["One", "Three", "Two"]
    inbox = Mailbox.objects.get(account=account, role=Mailbox.Role.INBOX)
    assert (inbox.total, inbox.unseen, inbox.lowest_fetched_uid) == (3, 3, 1)
    first = Message.objects.order_by("uid")[0]
    with world.imap() as client:
        client.select("INBOX", readonly=True)
        assert rawstore.read(first.digest) == client.fetch("1", "(BODY.PEEK[])")[1][0][1]
    assert (account.receive_health, account.receive_error_code) == (Health.WORKING, "")
    assert account.received_at is not None and account.next_sync_at is not None


def test_a_second_run_changes_nothing_and_later_mail_arrives_once(world: MailWorld) -> None:
    world.deliver("One")
    account = world.account()
    receive(account)
    before = Message.objects.get()

    receive(account)
    assert Message.objects.get() == before

    world.deliver("Two")
    receive(account)
    receive(account)
    assert sorted(subjects(account)) == ["One", "Two"]


def test_flags_set_by_another_program_are_seen_here(world: MailWorld) -> None:
    world.deliver("One", "Two")
    account = world.account()
    receive(account)

    with world.imap() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS", "(\\Seen \\Flagged $Forwarded)")
    receive(account)

    one = Message.objects.get(subject="One")
    assert (one.is_seen, one.is_flagged, one.keywords) == (True, True, ["$Forwarded"])
    assert Mailbox.objects.get(account=account, name="INBOX").unseen == 1


def test_a_message_removed_by_another_program_goes_here(world: MailWorld) -> None:
    world.deliver("One", "Two")
    account = world.account()
    receive(account)

    with world.imap() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS", "\\Deleted")
        client.expunge()
    receive(account)

    assert subjects(account) == ["Two"]
    assert Mailbox.objects.get(account=account, name="INBOX").total == 1


def test_folders_appear_are_renamed_without_a_new_download_and_vanish(world: MailWorld) -> None:
    account = world.account()
    with world.imap() as client:
        client.create('"Projects"')
        client.append('"Projects"', None, None, world.deliver("Plan")[0])
    receive(account)
    plan = Message.objects.get(mailbox__name="Projects")

    with world.imap() as client:
        client.rename('"Projects"', '"Projects 2026"')
    receive(account)
    plan.refresh_from_db()
    assert plan.mailbox.name == "Projects 2026"

    with world.imap() as client:
        client.delete('"Projects 2026"')
    receive(account)
    assert not Mailbox.objects.filter(account=account, name__startswith="Projects").exists()
    assert not Message.objects.filter(pk=plan.pk).exists()


def test_a_new_uid_validity_loses_nothing_and_doubles_nothing(world: MailWorld) -> None:
    account = world.account()
    plans = [*world.deliver("Plan one", "Plan two")]
    with world.imap() as client:
        client.create('"Projects"')
        for raw in plans:
            client.append('"Projects"', "\\Flagged", None, raw)
    receive(account)
    mailbox = Mailbox.objects.get(account=account, name="Projects")
    before = dict(mailbox.messages.values_list("subject", "pk"))

    with world.imap() as client:
        client.delete('"Projects"')
        client.create('"Projects"')
        client.append('"Projects"', None, None, world.deliver("Plan zero")[0])
        for raw in plans:
            client.append('"Projects"', None, None, raw)
    receive(account)

    mailbox.refresh_from_db()
    after = dict(mailbox.messages.values_list("subject", "pk"))
    assert mailbox.uid_validity != 0 and mailbox.total == 3
    assert {name: after[name] for name in before} == before
    assert not mailbox.messages.exclude(uid_validity=mailbox.uid_validity).exists()


def test_a_uid_validity_that_changed_while_messages_went_removes_those_only(
    world: MailWorld,
) -> None:
    account = world.account()
    plans = world.deliver("Plan one", "Plan two")
    with world.imap() as client:
        client.create('"Projects"')
        for raw in plans:
            client.append('"Projects"', None, None, raw)
    receive(account)

    with world.imap() as client:
        client.delete('"Projects"')
        client.create('"Projects"')
        client.append('"Projects"', None, None, plans[1])
    receive(account)

    assert subjects(account, "Projects") == ["Plan two"]


def test_a_run_out_of_time_goes_on_where_it_stopped(world: MailWorld) -> None:
    account = world.account()
    with world.imap() as client:
        for number in range(70):
            raw = f"Subject: {number}\r\nMessage-ID: <{number}@x>\r\n\r\n{number}\r\n".encode()
            client.append("INBOX", None, None, raw)

    assert receive(account, seconds=0) == Outcome.MORE
    inbox = Mailbox.objects.get(account=account, name="INBOX")
    assert inbox.total == 50 and inbox.lowest_fetched_uid > 1
    assert "69" in subjects(account) and "0" not in subjects(account)

    assert receive(account) == Outcome.DONE
    assert sorted(map(int, subjects(account))) == list(range(70))
    inbox.refresh_from_db()
    assert (inbox.total, inbox.unseen, inbox.lowest_fetched_uid) == (70, 70, 1)


def test_a_folder_that_cannot_be_opened_does_not_cost_the_others(world: MailWorld) -> None:
    account = world.account()
    world.deliver("One")
    receive(account)
    with world.imap() as client:
        client.create('"Secret"')
        client.setacl('"Secret"', world.address, "l") if "ACL" in client.capabilities else None
    assert receive(account) == Outcome.DONE
    assert subjects(account) == ["One"]


def test_a_folder_whose_name_no_row_takes_does_not_cost_the_others(db: None) -> None:
    status = "(MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)"
    turns = [
        Turn(r"^(\S+) CAPABILITY", "* CAPABILITY IMAP4rev1\n" + r"\1 OK done"),
        Turn(r"^(\S+) LOGIN", r"\1 OK [CAPABILITY IMAP4rev1] in"),
        Turn(
            r"^(\S+) LIST",
            f'* LIST () "/" {"x" * 600}\n* LIST () "/////" y\n* LIST () "/" INBOX\n\\1 OK done',
        ),
        Turn(r"^(\S+) STATUS", rf"* STATUS INBOX {status}" + "\n" + r"\1 OK done"),
        Turn(
            r"^(\S+) EXAMINE",
            "* 0 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 1] x\n" + r"\1 OK done",
        ),
        Turn(r"^(\S+) LOGOUT", r"* BYE" + "\n" + r"\1 OK"),
    ]
    with ScriptedServer("* OK [CAPABILITY IMAP4rev1] ready", turns) as server:
        incoming = MailServerFactory(host="localhost", port=server.port, security=Security.NONE)
        account = MailAccountFactory(incoming_server=incoming)
        assert receive(account) == Outcome.DONE
    assert [box.name for box in account.mailboxes.all()] == ["INBOX"]


@pytest.mark.parametrize("held", [True, False])
def test_an_account_in_other_hands_is_left_alone(world: MailWorld, held: bool) -> None:
    from groupware import leases

    account = world.account(is_enabled=True)
    if held:
        leases.take(MailAccount.objects.all(), account.pk, 60)
    else:
        MailAccount.objects.filter(pk=account.pk).update(is_enabled=False)
    assert receive(account) == (Outcome.BUSY if held else Outcome.SKIPPED)
    assert not Message.objects.exists()
