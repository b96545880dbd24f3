import email
import email.policy
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webmail.mime.building import AttachmentSource, Composition, build
from webmail.mime.headers import Address
from webmail.mime.parsing import parse, part_content

ME = Address("山田 太郎", "taro@example.jp")
YOU = Address("Doe, John", "john@example.com")


def _compose(**values) -> Composition:
    return Composition(**{"from_": ME, "to": [YOU], "subject": "件名", "text": "本文\n", **values})


# Characters that mail keeps: no controls, no surrogates, none of what reading removes on purpose.
_CHARACTERS = st.characters(
    exclude_categories=("Cs", "Cc"), exclude_characters="\u202d\u202e\ufeff\u2028\u2029\x85"
)
_LINE = st.text(_CHARACTERS, max_size=120)
_SUBJECT = _LINE.map(str.strip)
_NAME = (
    st.text(_CHARACTERS, max_size=60)
    .map(lambda text: " ".join(text.split()))
    .filter(lambda name: not re.search(r"@|^'.*'$|=\?", name))
)
_ADDRESS = st.builds(
    Address,
    _NAME,
    st.from_regex(r"[a-z0-9][a-z0-9._+-]{0,20}@[a-z0-9]{1,20}\.(com|jp|example)", fullmatch=True),
)
_ADDRESSES = st.lists(_ADDRESS, max_size=6, unique_by=lambda one: one.addr_spec)
_ID = st.from_regex(r"<[a-z0-9.]{1,60}@[a-z0-9.]{1,60}>", fullmatch=True)
_TEXT = st.lists(_LINE, max_size=8).map(lambda lines: "\n".join(lines) + "\n")
_FILE = st.builds(
    AttachmentSource,
    st.from_regex(
        r"[0-9A-Za-zぁ-んァ-ン一-龠 ]{0,60}[0-9A-Za-zぁ-ん]\.[a-z]{1,4}", fullmatch=True
    ).map(str.strip),
    st.sampled_from(["application/pdf", "text/plain", "image/png", "application/octet-stream"]),
    st.binary(max_size=300),
)


@settings(max_examples=250, deadline=None)
@given(
    st.builds(
        Composition,
        from_=_ADDRESS,
        to=_ADDRESSES,
        cc=_ADDRESSES,
        bcc=_ADDRESSES,
        reply_to=_ADDRESSES,
        subject=_SUBJECT,
        text=_TEXT,
        html=st.none() | _TEXT,
        attachments=st.lists(_FILE, max_size=3),
        message_id=_ID,
        in_reply_to=st.just("") | _ID,
        references=st.lists(_ID, max_size=20, unique=True),
        date=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
            lambda moment: moment.replace(microsecond=0)
        ),
    )
)
def test_what_was_built_is_read_back(composition):
    data = build(composition)
    message = parse(data)
    assert message.defects == []
    assert message.subject == composition.subject
    assert message.from_ == [composition.from_]
    assert message.to == composition.to
    assert message.cc == composition.cc
    assert message.bcc == []
    assert message.reply_to == composition.reply_to
    assert message.message_id == composition.message_id
    assert message.in_reply_to == composition.in_reply_to
    assert message.references == composition.references
    assert message.sent_at == composition.date
    if composition.html is None or composition.text.strip():
        assert message.text == composition.text
    assert message.html == composition.html
    files = [part for part in message.parts if part.is_attachment]
    assert [(one.filename, one.content_type) for one in files] == [
        (one.filename, one.content_type) for one in composition.attachments
    ]
    assert [part_content(data, one.number)[1] for one in files] == [
        one.content for one in composition.attachments
    ]
    _assert_fit_for_the_wire(data)


def _assert_fit_for_the_wire(data: bytes) -> None:
    assert data.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", data)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    head = data.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 250


def test_other_readers_see_the_same():
    data = build(
        _compose(
            cc=[Address('Quote " and, comma', "q@example.com"), Address("", "x@example.com")],
            attachments=[AttachmentSource("見積書 2024 " * 6 + ".pdf", "application/pdf", b"%PDF")],
        )
    )
    theirs = email.message_from_bytes(data, policy=email.policy.default)
    assert theirs["subject"] == "件名"
    assert theirs["from"].addresses[0].display_name == "山田 太郎"
    assert [one.display_name for one in theirs["cc"].addresses] == ['Quote " and, comma', ""]
    [part] = theirs.iter_attachments()
    assert part.get_filename() == "見積書 2024 " * 6 + ".pdf"
    assert theirs.get_body().get_content().replace("\r\n", "\n") == "本文\n"
    for part in theirs.walk():
        assert not part.defects


def test_an_old_client_finds_the_file_name_in_an_encoded_word():
    data = build(_compose(attachments=[AttachmentSource("書類.pdf", "application/pdf", b"x")]))
    assert re.search(rb'name="=\?utf-8\?b\?[A-Za-z0-9+/=]+\?="', data)
    assert b"filename*=utf-8''%E6%9B%B8%E9%A1%9E.pdf" in data


def test_blind_recipients_stay_out_of_the_bytes():
    data = build(_compose(to=[], bcc=[Address("Hidden", "hidden@example.com")]))
    assert b"hidden" not in data.lower()
    assert b"bcc" not in data.lower()
    assert b"To: undisclosed-recipients:;" in data


def test_an_internationalized_domain_goes_as_ascii():
    data = build(_compose(to=[Address("", "info@日本語.example"), Address("", "a@straße.example")]))
    assert b"info@xn--wgv71a119e.example" in data
    assert b"a@xn--strae-oqa.example" in data


def test_missing_identifiers_and_dates_are_made_up():
    message = parse(build(_compose()))
    assert message.message_id.endswith("@example.jp>")
    assert message.sent_at is not None


def test_long_threads_keep_their_root_and_their_end():
    references = [f"<{number}@example.com>" for number in range(100)]
    kept = parse(build(_compose(references=references))).references
    assert kept == [references[0], *references[-19:]]


@pytest.mark.parametrize(
    "control", ["\r", "\n", "\r\nBcc: x@example.com", "\x00", "\x0b", "\ud800"]
)
@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("subject", lambda bad: {"subject": "a" + bad}),
        ("from", lambda bad: {"from_": Address("a" + bad + "b", "a@example.com")}),
        ("from", lambda bad: {"from_": Address("", f"a{bad}@example.com")}),
        ("to", lambda bad: {"to": [Address("a" + bad + "b", "a@example.com")]}),
        ("to", lambda bad: {"to": [Address("", f"a@exa{bad}mple.com")]}),
        ("cc", lambda bad: {"cc": [Address("", f'"a{bad}"@example.com')]}),
        ("bcc", lambda bad: {"bcc": [Address("", f"a{bad}@example.com")]}),
        ("reply_to", lambda bad: {"reply_to": [Address("", f"a{bad}@example.com")]}),
        ("message_id", lambda bad: {"message_id": f"<a{bad}@example.com>"}),
        ("in_reply_to", lambda bad: {"in_reply_to": f"<a{bad}@example.com>"}),
        ("references", lambda bad: {"references": [f"<a{bad}@example.com>"]}),
        ("attachments", lambda bad: {"attachments": [AttachmentSource("a" + bad, "a/b", b"")]}),
        ("attachments", lambda bad: {"attachments": [AttachmentSource("a", "a/b" + bad, b"")]}),
        (
            "attachments",
            lambda bad: {"attachments": [AttachmentSource("a", "a/b", b"", "c" + bad)]},
        ),
    ],
)
def test_controls_are_refused_with_the_name_of_the_field(field, make, control):
    with pytest.raises(ValueError, match=f"^{field}: "):
        build(_compose(**make(control)))


@pytest.mark.parametrize(
    "addr_spec",
    [
        "",
        "nobody",
        "@example.com",
        "a@",
        "a b@example.com",
        "a@b@example.com",
        "a@exam ple.com",
        "a@example.com, b@example.com",
        "日本@example.com",
        "a" * 400 + "@example.com",
        "a@-.com",
        "a@example.com>",
    ],
)
def test_what_is_no_address_is_refused(addr_spec):
    with pytest.raises(ValueError, match=r"^to: not a mail address"):
        build(_compose(to=[Address("", addr_spec)]))


@pytest.mark.parametrize(
    "addr_spec", ["a..b.@docomo.example", '"a b"@example.com', "a@[192.0.2.1]"]
)
def test_odd_addresses_with_a_mailbox_behind_them_are_kept(addr_spec):
    assert parse(build(_compose(to=[Address("", addr_spec)]))).to == [Address("", addr_spec)]


def test_an_attached_message_is_never_transfer_encoded():
    plain = AttachmentSource("m.eml", "message/rfc822", b"Subject: x\n\nFrom here\n")
    part = parse(build(_compose(attachments=[plain]))).parts[-1]
    assert part.content_type == "message/rfc822"
    eight_bit = AttachmentSource("m.eml", "message/rfc822", "Subject: x\n\n本文\n".encode())
    data = build(_compose(attachments=[eight_bit]))
    part = parse(data).parts[-1]
    assert part.content_type == "application/octet-stream"
    assert part_content(data, part.number)[1] == eight_bit.content


def test_an_inline_image_travels_with_the_html():
    logo = AttachmentSource("logo.png", "image/png", b"\x89PNG", content_id="logo@example.jp")
    message = parse(build(_compose(html='<img src="cid:logo@example.jp">', attachments=[logo])))
    assert [(part.number, part.content_type) for part in message.parts] == [
        ("1", "text/plain"),
        ("2.1", "text/html"),
        ("2.2", "image/png"),
    ]
    assert not message.has_attachments


@pytest.mark.parametrize(
    "text",
    [
        "From the start\n",
        ".\n..\n",
        "x" * 5000 + "\n",
        "trailing space \n",
        "-- \nsig\n",
        "a\r\nb\n",
        "tab\t\n",
        "é" * 3000 + "\n",
        "漢" * 3000 + "\n",
        "=41 = =\n",
    ],
)
def test_text_arrives_unchanged(text):
    data = build(_compose(text=text))
    _assert_fit_for_the_wire(data)
    assert not re.search(rb"^From ", data.partition(b"\r\n\r\n")[2], re.MULTILINE)
    assert parse(data).text == text.replace("\r\n", "\n")
