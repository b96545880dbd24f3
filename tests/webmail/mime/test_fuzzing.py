"""Reading never raises, whatever the bytes."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webmail.mime.reading import NAMES, raw
from webmail.mime.headers import decode_header, message_ids, parse_addresses, parse_date
from webmail.mime.parsing import parse, part_content
from webmail.mime.quoting import reply_recipients, reply_references
from webmail.mime.sanitizing import sanitize, text_to_html
from webmail.mime.text import html_to_text, preview

PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\x00",
    b"--",
    b"--b",
    b"--b--",
    b";",
    b"=",
    b'"',
    b"<",
    b">",
    b"=?utf-8?B?",
    b"?=",
    b"\x1b$B",
    b"\x1b(B",
    b"\x1b(I",
    b"\x0e",
    b"\xff\xfe",
    b"\x81",
    b"Content-Type: ",
    b"multipart/mixed; boundary=b",
    b"message/rfc822",
    b"text/html; charset=",
    b"iso-2022-jp",
    b"utf-16",
    b"utf-7",
    b"Content-Transfer-Encoding: base64",
    b"Content-Disposition: ",
    b"filename*0*=utf-8''%",
    b"Subject: ",
    b"From: ",
    b"Date: ",
    b"Message-ID: <",
    b"format=flowed",
    b"+AGY-",
    b"<style>",
    b"<table>",
    b"</",
    b"<!--",
    b"&#",
    b"hz-gb-2312",
    b"~{",
    b" ",
    b"\t",
    b"a@b",
]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000))
def test_random_bytes_are_read(data):
    _use(data)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_random_pieces_of_mail_are_read(pieces):
    _use(b"".join(pieces))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(NAMES), st.integers(min_value=0), st.integers(1, 12))
def test_damaged_messages_are_read(name, seed, wounds):
    if name in ("six_hundred_parts",):
        wounds = 1
    data = bytearray(raw(name))
    chance = random.Random(seed)
    for _ in range(wounds):
        where = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[where:where] = chance.choice(PIECES)
            case 1:
                del data[where : where + chance.randrange(40)]
            case 2:
                data[where : where + 1] = bytes([chance.randrange(256)])
            case _:
                data[where:where] = data[where : where + 60]
    _use(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=500))
def test_random_text_is_read_as_header_html_and_body(text):
    decode_header(text).encode("utf-8")
    parse_addresses(text)
    message_ids(text)
    parse_date(text)
    preview(html_to_text(text))
    sanitize(text.encode("utf-8", "replace").decode(), part_url=lambda cid: None)
    text_to_html(text)


def _use(data: bytes) -> None:
    message = parse(data)
    for text in (message.subject, message.text, message.html or "", message.preview):
        assert "\x00" not in text
        text.encode("utf-8")
    for part in message.parts[:5]:
        assert part_content(data, part.number)[0] == part
    reply_recipients(message, ["a@b"], to_all=True)
    reply_references(message)
    if message.html is not None:
        sanitize(message.html, part_url=lambda cid: f"/part/{cid}")
