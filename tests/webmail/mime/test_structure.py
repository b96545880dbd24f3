import email
from email.message import Message

import pytest

from tests.webmail.mime.reading import raw, read
from webmail.mime.parsing import parse, part_content


def test_parts_and_depth_are_bounded():
    assert len(read("six_hundred_parts").parts) == 499
    assert len(read("nested_sixty_deep").parts) == 1


def test_a_header_beyond_the_limit_is_cut_and_the_body_still_found():
    message = parse(b"Subject: kept\r\nX: " + b"y" * 300_000 + b"\r\nTo: a@b\r\n\r\nbody")
    assert (message.subject, message.text, message.to) == ("kept", "body", [])
    assert "header_too_large" in message.defects


@pytest.mark.parametrize(
    "bomb",
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n\r\n" * 1_000_000,
        b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"-" * 3_000_000,
        b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"\n---" * 1_000_000,
        b"A: b\r\n" * 500_000,
        b"Content-Type: text/plain" + b"; a=b" * 50_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; " + b"a" * 250_000 + b"\r\n\r\nx",
        b'Content-Type: text/plain; a="' + b'\\"' * 120_000 + b"\r\n\r\nx",
        b"To: " + b"a@b," * 60_000 + b"\r\n\r\nx",
        b"References: " + b"<a@b>" * 50_000 + b"\r\n\r\nx",
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b"A=" * 1_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 100_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!--" * 500_000,
        b"\r\n\r\n" + bytes(range(128, 256)) * 10_000,
    ],
    ids=lambda bomb: repr(bomb[:40]),
)
def test_a_bomb_is_read_within_its_bounds(bomb):
    message = parse(bomb)
    assert len(message.parts) <= 500
    assert len(message.text) <= 2 * 1024 * 1024
    assert len(message.references) <= 1000


WELL_FORMED = [
    "alternative_html_and_text",
    "alternative_with_calendar",
    "related_inside_alternative_inside_mixed",
    "boundary_is_prefix_of_another",
    "message_attached",
    "signed_message",
    "delivery_report",
    "winmail_dat",
    "line_feeds_only",
    "base64_padding_in_the_middle",
]


@pytest.mark.parametrize("name", WELL_FORMED)
def test_the_tree_equals_that_of_the_standard_library(name):
    data = raw(name)
    theirs = [(part.get_content_type(), _payload(part)) for part in _leaves(_library(data))]
    ours = [(part.content_type, _our_payload(data, part)) for part in parse(data).parts]
    assert ours == theirs


def _library(data: bytes) -> Message:
    return email.message_from_bytes(data)


def _leaves(message):
    if message.get_content_maintype() == "multipart":
        return [leaf for child in message.get_payload() for leaf in _leaves(child)]
    return [message]


def _payload(part):
    if part.get_content_maintype() == "message":
        return None
    encoded = part.get_payload().encode("ascii", "surrogateescape")
    if part.get("Content-Transfer-Encoding") == "base64":
        return (
            None if encoded.count(b"=") > 2 or b"8=" in encoded else part.get_payload(decode=True)
        )
    return encoded


def _our_payload(data, part):
    if part.content_type.startswith("message/"):
        return None
    content = part_content(data, part.number)[1]
    theirs = [one for one in _leaves(_library(data)) if one.get_content_type() == part.content_type]
    return None if all(_payload(one) is None for one in theirs) else content
