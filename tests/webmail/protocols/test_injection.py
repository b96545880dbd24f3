"""No argument can carry a second command: the wire is recorded while hostile ones are passed."""

import inspect
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from tests.webmail.protocols.lab import ALICE, GOOD_TOKEN, PASSWORD_CREDENTIALS, Lab, bearer
from tests.webmail.protocols.scripted import RecordingProxy
from webmail.protocols.errors import InvalidArgumentError
from webmail.protocols.imap import ImapSession
from webmail.protocols.pop3 import Pop3Session
from webmail.protocols.smtp import SmtpSession
from webmail.protocols.types import PasswordCredentials, Security

HOSTILE = [
    'x"\r\nX1 STORE 1:* +FLAGS (\\Deleted)\r\nX2 EXPUNGE',
    "x\nA9 CREATE INJECTED",
    "x\rDELE 1",
    "x\0y",
    "x\x01auth=Bearer other",
    "x\x7fy",
]
# Harmless in a text, not in a flag or an address.
HOSTILE_ATOMS = [*HOSTILE, "x) y", "x y", 'x"', "x{3}", "x\\y", "(x", "x*", "x%", "é", "", "\\"]
HOSTILE_ADDRESSES = [*HOSTILE, "a@b> SIZE=0 <c@d", "<a@b>", "a b@c", "nobody", "a@b@c d"]

IMAP_CALLS: dict[str, list[Callable[[Any, str], object]]] = {
    "status": [lambda s, x: s.status(x)],
    "select": [lambda s, x: s.select(x)],
    "create": [lambda s, x: s.create(x)],
    "rename": [lambda s, x: s.rename(x, "y"), lambda s, x: s.rename("y", x)],
    "delete": [lambda s, x: s.delete(x)],
    "copy": [lambda s, x: s.copy([1], x)],
    "move": [lambda s, x: s.move([1], x)],
    "append": [lambda s, x: s.append(x, b"a: b\r\n\r\n")],
    "search_header": [
        lambda s, x: s.search_header("Subject", x),
        lambda s, x: s.search_header(x, "y"),
    ],
}
IMAP_ATOM_CALLS: dict[str, list[Callable[[Any, str], object]]] = {
    "store_flags": [
        lambda s, x: s.store_flags([1], add=[x]),
        lambda s, x: s.store_flags([1], remove=[x]),
    ],
    "append": [lambda s, x: s.append("INBOX", b"a: b\r\n\r\n", flags=[x])],
}
IMAP_NUMBER_CALLS: dict[str, list[Callable[[Any, Any], object]]] = {
    "uids": [lambda s, x: s.uids(x), lambda s, x: s.uids(1, x)],
    "fetch": [lambda s, x: list(s.fetch([x]))],
    "fetch_flags": [lambda s, x: s.fetch_flags([x])],
    "fetch_sizes": [lambda s, x: s.fetch_sizes([x])],
    "store_flags": [lambda s, x: s.store_flags([x], add=["\\Seen"])],
    "copy": [lambda s, x: s.copy([x], "INBOX")],
    "move": [lambda s, x: s.move([x], "INBOX")],
    "expunge": [lambda s, x: s.expunge([x])],
}
POP3_CALLS: dict[str, list[Callable[[Any, Any], object]]] = {
    "retrieve": [lambda s, x: s.retrieve(x)],
    "delete": [lambda s, x: s.delete(x)],
}
SMTP_CALLS: dict[str, list[Callable[[Any, str], object]]] = {
    "check_sender": [lambda s, x: s.check_sender(x)],
    "submit": [
        lambda s, x: s.submit(b"a: b\r\n\r\n", x, ["a@b.example"]),
        lambda s, x: s.submit(b"a: b\r\n\r\n", "a@b.example", ["a@b.example", x]),
    ],
}
NOT_NUMBERS = ["1\r\nX1 EXPUNGE", "1:*", 0, -1, 2**32, True, 1.5, None]


@contextmanager
def recording(lab: Lab, session: Any, service: str, credentials: Any) -> Iterator[Any]:
    proxy = RecordingProxy(lab.ports[service])
    endpoint = lab.endpoint(service, port=proxy.port, security=Security.NONE)
    with session.open(endpoint, credentials) as opened:
        yield opened, proxy
    proxy.close()


def assert_nothing_is_sent(
    opened: Any, proxy: RecordingProxy, call: Callable[[Any, Any], object], values: Iterable[object]
) -> None:
    for value in values:
        before = bytes(proxy.heard)
        with pytest.raises(InvalidArgumentError) as caught:
            call(opened, value)
        assert bytes(proxy.heard) == before
        assert opened.is_open
        if isinstance(value, str) and len(value) > 3:
            assert value not in str(caught.value)


def test_imap_arguments_never_carry_a_second_command(lab: Lab) -> None:
    with recording(lab, ImapSession, "imap", bearer()) as (session, proxy):
        session.append("INBOX", b"Subject: a\r\n\r\nb\r\n")
        session.select("INBOX")
        tables = ((IMAP_CALLS, HOSTILE), (IMAP_ATOM_CALLS, HOSTILE_ATOMS))
        for table, values in (*tables, (IMAP_NUMBER_CALLS, NOT_NUMBERS)):
            for calls in table.values():
                for call in calls:
                    # None is a good value of `last`: to the end.
                    bad = values if call is not IMAP_NUMBER_CALLS["uids"][1] else NOT_NUMBERS[:-1]
                    assert_nothing_is_sent(session, proxy, call, bad)
        session.noop()
        assert session.uids() == [1]
        assert {box.name for box in session.list_mailboxes()} == {
            "INBOX",
            "Drafts",
            "Sent",
            "Junk",
            "Trash",
        }


def test_pop3_arguments_never_carry_a_second_command(lab: Lab) -> None:
    with recording(lab, Pop3Session, "pop3", bearer()) as (session, proxy):
        for calls in POP3_CALLS.values():
            for call in calls:
                bad = [value for value in NOT_NUMBERS if value != 2**32]
                assert_nothing_is_sent(session, proxy, call, bad)


def test_smtp_arguments_never_carry_a_second_command(lab: Lab) -> None:
    with recording(lab, SmtpSession, "submission", bearer()) as (session, proxy):
        for calls in SMTP_CALLS.values():
            for call in calls:
                assert_nothing_is_sent(session, proxy, call, HOSTILE_ADDRESSES)


@pytest.mark.parametrize("session", [ImapSession, Pop3Session, SmtpSession])
def test_a_sign_in_with_control_characters_does_not_even_connect(lab: Lab, session: Any) -> None:
    proxy = RecordingProxy(lab.ports["imap"])
    endpoint = lab.endpoint("imap", port=proxy.port, security=Security.NONE)
    for bad in HOSTILE:
        for credentials in (
            bearer(user=f"{ALICE}{bad}"),
            bearer(GOOD_TOKEN + bad),
            PasswordCredentials(f"u{bad}", "p"),
            PasswordCredentials("u", f"p{bad}"),
        ):
            with pytest.raises(InvalidArgumentError) as caught:
                session.open(endpoint, credentials)
            assert GOOD_TOKEN not in f"{caught.value!r}"
        with pytest.raises(InvalidArgumentError):
            session.open(lab.endpoint("imap", host=f"h{bad}"), PASSWORD_CREDENTIALS)
    assert proxy.connections == 0
    proxy.close()


@pytest.mark.parametrize(
    ("session", "tables"),
    [
        (ImapSession, (IMAP_CALLS, IMAP_ATOM_CALLS, IMAP_NUMBER_CALLS)),
        (Pop3Session, (POP3_CALLS,)),
        (SmtpSession, (SMTP_CALLS,)),
    ],
)
def test_every_public_method_with_a_text_or_a_number_is_tried(
    session: type, tables: Sequence[dict[str, Any]]
) -> None:
    tried = {name for table in tables for name in table}
    for name, method in inspect.getmembers(session, inspect.isfunction):
        if name.startswith("_"):
            continue
        hints = typing.get_type_hints(method)
        hints.pop("return")
        said = [hint for hint in hints.values() if typing.get_origin(hint) is not Callable]
        if said:  # what takes nothing but a function to call says nothing to the server
            assert name in tried
