import pytest

from tests.webmail.mime.reading import read
from webmail.mime.headers import Address
from webmail.mime.parsing import ParsedMessage
from webmail.mime.quoting import (
    forward_subject,
    forward_text,
    quote_text,
    reply_recipients,
    reply_references,
    reply_subject,
)


@pytest.mark.parametrize(
    "subject",
    [
        "x",
        "Re: x",
        "RE: x",
        "re:x",
        "Re[2]: x",
        "RE^3: x",
        "Re(4): x",
        "Re: RE: Re: x",
        "Ｒｅ：x",
        "返信: x",
        "返信：x",
        "AW: x",
        "SV: VS: x",
        "TR : x",
        "RÉF: x",
        "Отв: x",
        "Ответ: x",
        "回复：x",
        "Re: Fwd: Re: x",
        "WG: x",
        "転送: x",
        "FW: ＲＥ： x",
        "  Re:   x",
    ],
)
def test_prefixes_of_all_languages_collapse_into_one(subject):
    assert reply_subject(subject) == "Re: x"
    assert forward_subject(subject) == "Fwd: x"


@pytest.mark.parametrize(
    "subject", ["Report: x", "Trains: late", "Resume: x", "I: x", "Re x", "【重要】Re", "12:30 x"]
)
def test_honest_subjects_are_left_alone(subject):
    assert reply_subject(subject) == f"Re: {subject}"


def test_the_tag_of_a_mailing_list_stays_in_front():
    assert reply_subject("Re: [ml 12] Re: x") == "Re: [ml 12] x"


def test_an_empty_subject_gets_a_bare_prefix():
    assert reply_subject("") == "Re:"
    assert reply_subject("Re:") == "Re:"


def test_text_is_quoted_under_its_attribution():
    assert quote_text("one\n\n> old\n", "They wrote:") == "They wrote:\n> one\n>\n>> old"
    assert quote_text("a", "", mark="| ") == "| a"


def test_a_forward_lists_the_fields_that_have_a_value():
    text = forward_text("body", heading="-- Original --", fields=[("From", "a@b"), ("Cc", "")])
    assert text == "-- Original --\nFrom: a@b\n\nbody"


def test_reply_to_wins_over_from():
    to, cc = reply_recipients(read("reply_to_and_many_recipients"), ["reader@example.jp"], False)
    assert [one.addr_spec for one in to] == ["office@example.com"]
    assert cc == []


def test_a_reply_to_all_keeps_the_order_and_names_nobody_twice_and_never_oneself():
    to, cc = reply_recipients(read("reply_to_and_many_recipients"), ["READER@example.jp"], True)
    assert [one.addr_spec for one in to] == ["office@example.com"]
    assert [one.addr_spec for one in cc] == ["c@example.jp", "SENDER@example.com"]


def test_a_reply_to_all_writes_to_the_other_recipients_too():
    parsed = ParsedMessage(
        from_=[Address("", "author@example.com")],
        to=[Address("", "me@example.com"), Address("", "b@example.com")],
        cc=[Address("", "AUTHOR@example.com"), Address("", "b@example.com"), Address("x", "")],
    )
    to, cc = reply_recipients(parsed, ["me@example.com"], True)
    assert [one.addr_spec for one in to] == ["author@example.com", "b@example.com"]
    assert cc == []


def test_an_answer_to_ones_own_message_goes_where_it_went():
    parsed = ParsedMessage(
        from_=[Address("", "me@example.com")], to=[Address("", "you@example.com")]
    )
    to, _ = reply_recipients(parsed, ["me@example.com"], False)
    assert to == [Address("", "you@example.com")]


def test_a_note_to_oneself_can_be_answered():
    parsed = ParsedMessage(
        from_=[Address("", "me@example.com")], to=[Address("", "me@example.com")]
    )
    to, cc = reply_recipients(parsed, ["me@example.com"], True)
    assert (to, cc) == ([Address("", "me@example.com")], [])


def test_references_continue_the_thread():
    parsed = ParsedMessage(message_id="<c@x>", references=["<a@x>", "<b@x>"])
    assert reply_references(parsed) == ["<a@x>", "<b@x>", "<c@x>"]
    orphan = ParsedMessage(message_id="<c@x>", in_reply_to="<b@x>")
    assert reply_references(orphan) == ["<b@x>", "<c@x>"]
    assert reply_references(ParsedMessage()) == []
    long = ParsedMessage(message_id="<c@x>", references=[f"<{n}@x>" for n in range(99)])
    assert len(reply_references(long)) == 20
