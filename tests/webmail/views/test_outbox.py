"""The outbox: waiting, refused, unclear, and what a person can do about each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import webmail as make
from tests.webmail.views.conftest import words
from webmail.models import OutgoingMessage

State = OutgoingMessage.State
MARKER = '"><img src=x onerror=alert(1)>'


def waiting(account, state: str = State.QUEUED, **values) -> OutgoingMessage:
    """A message that was handed over for sending."""
    now = timezone.now()
    defaults = {"state": state, "queued_at": now, "send_after": now + timedelta(minutes=1)}
    return make.OutgoingMessageFactory(account=account, **(defaults | values))


def post(client, name: str, outgoing: OutgoingMessage):
    return client.post(reverse(f"webmail:{name}", args=[outgoing.public_id]))


def state_of(outgoing: OutgoingMessage) -> str:
    return OutgoingMessage.objects.values_list("state", flat=True).get(pk=outgoing.pk)


def test_an_empty_outbox_says_so(client):
    assert "Nothing is waiting." in words(client.get("/mail/outbox/"))


def test_no_strip_lies_over_the_buttons_of_the_outbox(client, account):
    waiting(account)
    strip = 'id="sending-strip"'
    assert strip not in words(client.get("/mail/outbox/"))
    assert strip in words(client.get("/mail/drafts/"))


def test_a_waiting_message_can_be_taken_back_while_it_waits(client, account):
    outgoing = waiting(account)
    page = words(client.get("/mail/outbox/"))
    assert outgoing.send_after.isoformat() in page
    response = post(client, "cancel", outgoing)
    assert state_of(outgoing) == State.DRAFT
    assert response.headers["Location"] == reverse("webmail:draft", args=[outgoing.public_id])


def test_a_message_on_its_way_can_no_longer_be_taken_back(client, account):
    outgoing = waiting(account, State.SENDING)
    page = client.post(reverse("webmail:cancel", args=[outgoing.public_id]), follow=True)
    assert "too late to undo" in words(page)
    assert state_of(outgoing) == State.SENDING


def test_a_refused_message_shows_advice_first_and_the_servers_words_folded(client, account):
    waiting(
        account,
        State.FAILED,
        error_code="recipients_refused",
        error_text="550 5.1.1 <b>unknown</b>",
        refused={"x@example.test": f"550 {MARKER}"},
    )
    page = words(client.get("/mail/outbox/"))
    folded = page[page.index("<details") : page.index("</details>")]
    assert "550 5.1.1 &lt;b&gt;unknown&lt;/b&gt;" in folded
    assert "550 5.1.1" not in page.replace(folded, "")
    assert "<img" not in page
    assert "The mail server refuses every recipient." in page


def test_what_is_not_tried_again_does_not_say_that_it_is(client, account):
    waiting(account, State.FAILED, error_code="timeout")
    page = words(client.get("/mail/outbox/"))
    assert "The mail server does not answer in time." in page
    assert "You can mend this." in page
    assert "Nobody has to act" not in page


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("retry", State.FAILED, State.QUEUED),
        ("edit", State.FAILED, State.DRAFT),
        ("arrived", State.UNCLEAR, State.SENT),
        ("send_again", State.UNCLEAR, State.QUEUED),
    ],
)
def test_a_person_decides_about_a_message(client, account, name, before, after):
    outgoing = waiting(account, before)
    assert client.get(reverse(f"webmail:{name}", args=[outgoing.public_id])).status_code == 405
    post(client, name, outgoing)
    assert state_of(outgoing) == after


@pytest.mark.parametrize("name", ["retry", "arrived", "send_again"])
def test_a_decision_that_does_not_fit_the_state_changes_nothing(client, account, name):
    outgoing = waiting(account, State.SENT)
    post(client, name, outgoing)
    assert state_of(outgoing) == State.SENT


def test_unclear_offers_both_ways_and_neither_happens_by_itself(client, account):
    outgoing = waiting(account, State.UNCLEAR, error_code="submission_unclear")
    page = words(client.get("/mail/outbox/"))
    assert "It arrived" in page
    assert "Send again" in page
    assert state_of(outgoing) == State.UNCLEAR


def test_the_strip_tells_how_sending_ended(client, account):
    outgoing = waiting(account, subject="Plan")
    strip = words(client.get("/mail/outbox/sending/"))
    assert "“Plan” will be sent in" in strip
    watched = {"id": str(outgoing.public_id)}
    OutgoingMessage.objects.update(state=State.SENT)
    assert "“Plan” was sent." in words(client.get("/mail/outbox/sending/", watched))
    OutgoingMessage.objects.update(state=State.FAILED)
    assert "“Plan” was not sent." in words(client.get("/mail/outbox/sending/", watched))
    assert "Plan" not in words(client.get("/mail/outbox/sending/"))


@pytest.mark.parametrize("name", ["cancel", "retry", "edit", "arrived", "send_again"])
def test_nobody_decides_about_a_message_of_somebody_else(stranger, account, name):
    outgoing = waiting(account, State.UNCLEAR)
    assert post(stranger, name, outgoing).status_code == 404
    assert state_of(outgoing) == State.UNCLEAR
    watched = {"id": str(outgoing.public_id)}
    assert outgoing.subject not in words(stranger.get("/mail/outbox/sending/", watched))
    assert outgoing.subject not in words(stranger.get("/mail/outbox/"))
