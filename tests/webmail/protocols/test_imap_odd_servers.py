"""IMAP servers which lack what Dovecot has, or answer in ways of their own."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest

from tests.webmail.protocols.lab import bearer
from tests.webmail.protocols.scripted import (
    IMAP_CAPABILITIES,
    Peer,
    Replies,
    ScriptedServer,
    imap,
    serving,
)
from webmail.protocols.errors import (
    CapabilityError,
    CommandRefusedError,
    MailServerError,
    ProtocolError,
    UnreachableError,
)
from webmail.protocols.imap import ImapSession
from webmail.protocols.types import MessageFlags

MESSAGE = b"From: a@b.example\r\nSubject: one\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n"


def with_capabilities(words: str) -> Replies:
    return {"CAPABILITY": [f"* CAPABILITY {IMAP_CAPABILITIES} {words}", "{tag} OK done"]}


def odd(replies: Replies) -> AbstractContextManager[ScriptedServer]:
    return serving(imap(replies))


def test_without_uidplus_a_move_never_expunges() -> None:
    with odd({}) as server, ImapSession.open(server.endpoint(), bearer()) as session:
        session.select("INBOX")
        assert session.move([4, 5, 6], "Trash") == {}
        session.noop()
        heard = server.heard.upper()
    assert b"UID COPY 4:6 " in heard
    assert b"UID STORE 4:6 +FLAGS.SILENT (\\DELETED)" in heard
    assert b"EXPUNGE" not in heard
    assert b"CLOSE" not in heard


def test_without_move_the_originals_alone_are_expunged() -> None:
    replies = {
        **with_capabilities("UIDPLUS"),
        "UID COPY": ["{tag} OK [COPYUID 9 4:5 70:71] done"],
    }
    with odd(replies) as server, ImapSession.open(server.endpoint(), bearer()) as session:
        session.select("INBOX")
        assert session.move([4, 5], "Trash") == {4: 70, 5: 71}
        assert b"UID EXPUNGE 4:5\r\n" in server.heard


def test_without_condstore_mod_sequences_are_not_asked_for() -> None:
    replies: Replies = {
        "UID FETCH": ["* 1 FETCH (UID 4 FLAGS ())", "{tag} OK done"],
        "STATUS": ["* STATUS INBOX (MESSAGES 3 UIDNEXT 12 UIDVALIDITY 7 UNSEEN 1)", "{tag} OK d"],
    }
    with odd(replies) as server, ImapSession.open(server.endpoint(), bearer()) as session:
        assert session.status("INBOX").highest_mod_seq is None
        assert session.select("INBOX").highest_mod_seq is None
        assert [f.mod_seq for f in session.fetch_flags()] == [None]
        with pytest.raises(CapabilityError):
            session.fetch_flags(changed_since=5)
        assert b"MODSEQ" not in server.heard
        assert b"CONDSTORE" not in server.heard


def test_mailboxes_of_exchange_are_recognised_by_their_names() -> None:
    replies: Replies = {
        "LIST": [
            '* LIST (\\Marked \\HasNoChildren) "/" INBOX',
            '* LIST (\\HasNoChildren) "/" "&kAFP4W4IMH8wojCkMMYw4A-"',
            '* LIST (\\HasNoChildren) "/" {3}',
            "a b",
            '* LIST (\\Noselect) "/" "[Gmail]"',
            '* LIST (\\HasNoChildren) "/" "[Gmail]/Corbeille"',
            '* LIST () NIL "12"',
            '* LIST () "/" "&broken"',
            '* LIST () "/" NIL',
            "* LIST garbage",
            "{tag} OK done",
        ]
    }
    with odd(replies) as server, ImapSession.open(server.endpoint(), bearer()) as session:
        boxes = {box.name: box for box in session.list_mailboxes()}
    assert {name: box.role for name, box in boxes.items()} == {
        "INBOX": "inbox",
        "送信済みアイテム": "sent",
        "a b": "",
        "[Gmail]": "",
        "[Gmail]/Corbeille": "trash",
        "12": "",
        "&broken": "",
    }
    assert boxes["12"].delimiter == ""
    assert not boxes["[Gmail]"].is_selectable


def test_a_name_which_is_not_modified_utf_7_goes_back_as_it_came() -> None:
    replies: Replies = {
        "LIST": ['* LIST () "/" "Entwürfe"', '* LIST () "/" "&broken"', "{tag} OK done"]
    }
    with odd(replies) as server, ImapSession.open(server.endpoint(), bearer()) as session:
        session.list_mailboxes()
        session.select("Entwürfe")
        session.select("&broken")
        assert 'SELECT "Entwürfe"\r\n'.encode() in server.heard
        assert b'SELECT "&broken"\r\n' in server.heard


def fetching(*lines: str) -> Replies:
    facts = "* 1 FETCH (UID 4 FLAGS (\\Seen) RFC822.SIZE 9)"

    def fetch(peer: Peer, tag: str, command: str) -> None:
        if "BODY" in command:
            peer.send(*(line.replace("{tag}", tag) for line in lines))
        else:
            peer.send(facts, f"{tag} OK done")

    return {"UID FETCH": fetch}


def test_a_message_without_internal_date_has_the_date_of_its_header() -> None:
    raw = "Date: Mon, 2 Mar 2020 10:00:00 +0900\r\n\r\nx"
    replies = fetching(f"* 1 FETCH (UID 4 BODY[] {{{len(raw)}}}", raw + ")", "{tag} OK done")
    with odd(replies) as server, ImapSession.open(server.endpoint(), bearer()) as session:
        session.select("INBOX")
        [message] = session.fetch([4])
    assert message.received_at == datetime(2020, 3, 2, 1, 0, tzinfo=UTC)


def test_a_message_which_is_gone_is_left_out() -> None:
    replies = fetching("* 1 FETCH (UID 4 BODY[] NIL)", "{tag} OK done")
    with odd(replies) as server, ImapSession.open(server.endpoint(), bearer()) as session:
        session.select("INBOX")
        assert list(session.fetch([4])) == []


def test_changes_told_by_sequence_number_do_not_reach_another_message() -> None:
    replies: Replies = {
        "UID FETCH": [
            "* 4 FETCH (FLAGS (\\Deleted))",
            "* 2 FETCH (UID 4 FLAGS (\\Seen))",
            "* 4 FETCH (FLAGS (\\Deleted))",
            "* 3 FETCH (UID 99 FLAGS (\\Draft))",
            "{tag} OK done",
        ]
    }
    with odd(replies) as server, ImapSession.open(server.endpoint(), bearer()) as session:
        session.select("INBOX")
        [flags] = session.fetch_flags([4])
    assert flags.flags == MessageFlags(is_seen=True)


@pytest.mark.parametrize(
    "lines",
    [
        ["* 1 FETCH (UID 4 BODY[]", "{tag} OK done"],
        ["* 1 FETCH (UID 4 BODY[] {x}", "{tag} OK done"],
        ["* one FETCH (UID 4", "{tag} OK done"],
        ["* 1 FETCH (UID (4) FLAGS)", "{tag} OK done"],
        ["* 1 FETCH (UID 4 FLAGS", "{tag} OK done"],
        ["* 1 FETCH ((UID 4) 7 7 7)", "{tag} OK done"],
        ["* 1 FETCH " + "(" * 5000, "{tag} OK done"],
        ['* 1 FETCH (UID 4 BODY[] "open)', "{tag} OK done"],
        ["* 1 FETCH (UID 4 BODY[] {99999999999}"],
        ["nonsense"],
        ["{tag} WHAT now"],
        ["+ go on"] * 3 + ["garbage\0"],
        ["Z9 OK of another command"],
    ],
)
def test_a_reply_which_breaks_the_rules_is_a_typed_error(lines: list[str]) -> None:
    with odd(fetching(*lines)) as server, ImapSession.open(server.endpoint(), bearer()) as session:
        session.select("INBOX")
        with pytest.raises(MailServerError) as caught:
            assert list(session.fetch([4])) == ["never"]
    assert isinstance(caught.value, ProtocolError | UnreachableError)


def test_a_body_which_ends_early_is_never_taken_for_whole() -> None:
    def fetch(peer: Peer, tag: str, command: str) -> None:
        if "BODY" not in command:
            peer.send("* 1 FETCH (UID 4 RFC822.SIZE 900)", f"{tag} OK done")
            return
        peer.send("* 1 FETCH (UID 4 BODY[] {900}", "only the beginning")
        raise EOFError

    with (
        odd({"UID FETCH": fetch}) as server,
        ImapSession.open(server.endpoint(), bearer()) as session,
    ):
        session.select("INBOX")
        with pytest.raises(UnreachableError) as caught:
            list(session.fetch([4]))
        assert caught.value.code == "connection_lost"
        assert not session.is_open


@pytest.mark.parametrize(
    "capability", ["* CAPABILITY \u00e9", "* CAPABILITY IMAP2", "* 1 EXISTS", "* BAD x"]
)
def test_a_server_which_is_no_imap4_is_a_typed_error(capability: str) -> None:
    with (
        odd({"CAPABILITY": [capability, "{tag} OK done"]}) as server,
        pytest.raises(ProtocolError),
    ):
        ImapSession.open(server.endpoint(), bearer())


def test_a_server_of_another_protocol_is_a_typed_error() -> None:
    with serving(imap(greeting="220 smtp.example ESMTP")) as server, pytest.raises(ProtocolError):
        ImapSession.open(server.endpoint(), bearer())


def test_a_tagged_ok_without_words_is_understood() -> None:
    with (
        odd({"NOOP": ["{tag} OK"]}) as server,
        ImapSession.open(server.endpoint(), bearer()) as session,
    ):
        session.noop()


def test_large_messages_are_fetched_one_by_one() -> None:
    asked: list[str] = []

    def fetch(peer: Peer, tag: str, command: str) -> None:
        if "BODY" in command:
            asked.append(command)
        sizes = {4: 9_000_000, 5: 100, 6: 100}
        for number, (uid, size) in enumerate(sizes.items(), 1):
            peer.send(f'* {number} FETCH (UID {uid} RFC822.SIZE {size} BODY[] "x")')
        peer.send(f"{tag} OK done")

    with (
        odd({"UID FETCH": fetch}) as server,
        ImapSession.open(server.endpoint(), bearer()) as session,
    ):
        session.select("INBOX")
        assert [m.uid for m in session.fetch([4, 5, 6])] == [4, 5, 6]
    assert asked == ["UID FETCH 4 (UID BODY.PEEK[])", "UID FETCH 5:6 (UID BODY.PEEK[])"]


def test_a_full_mailbox_is_told_apart() -> None:
    replies: Replies = {"APPEND": ["{tag} NO [OVERQUOTA] Mailbox is full"]}
    with (
        odd(replies) as server,
        ImapSession.open(server.endpoint(), bearer()) as session,
        pytest.raises(CommandRefusedError) as caught,
    ):
        session.append("INBOX", MESSAGE)
    assert caught.value.code == "quota_exceeded"
