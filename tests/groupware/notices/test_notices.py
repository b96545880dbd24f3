"""One fault is one message to each recipient, with reminders, until it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from groupware.notices import mailing, tasks, telling
from groupware.notices.models import Notice
from groupware.notices.registry import Fault
from groupware.users.models import User
from tests.mail_sink import text_of

ADDRESS = "haruka@home.example"


def lift(*people: User, fault: str = "rope", avoid: tuple[str, ...] = (), **facts) -> Fault:
    return Fault("lift:1", fault, people, facts, avoid)


def test_a_fault_is_told_once_however_often_it_is_seen(sink, haruka, trouble):
    trouble.append(lift(haruka))
    for _sweep in range(3):
        tasks.send_due()
    assert len(sink.to(ADDRESS)) == len(sink.messages) == 1


def test_the_message_says_what_and_links_to_the_page_with_the_button(sink, haruka, trouble):
    trouble.append(lift(haruka, floor=3))
    tasks.send_due()
    message = sink.messages[0]
    link = f"{django_settings.PUBLIC_URL}/lift/"
    assert message["Subject"] == "The lift stands still: 3"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "It <stands> still." in text_of(message) and link in text_of(message)
    assert "1. Climb the stairs." in text_of(message)
    assert "It &lt;stands&gt; still." in text_of(message, "html")
    assert f'<a href="{link}"><strong>Look at the lift</strong></a>' in text_of(message, "html")


def test_the_message_speaks_the_language_of_its_reader(sink, haruka, trouble):
    haruka.language = "ja"
    haruka.save()
    trouble.append(lift(haruka))
    tasks.send_due()
    assert "設定" in text_of(sink.messages[0])


def test_it_is_said_again_after_one_three_and_seven_days_and_then_no_more(
    sink, haruka, trouble, clock
):
    trouble.append(lift(haruka))
    days = []
    for day in range(15):
        tasks.send_due()
        days += [day] * len(sink.take())
        clock.shift(timedelta(days=1))
    assert days == [0, 1, 3, 7]


def test_nothing_more_is_sent_when_the_fault_is_over(sink, haruka, trouble, clock):
    trouble.append(lift(haruka))
    tasks.send_due()
    trouble.clear()
    clock.shift(timedelta(days=1))
    tasks.send_due()
    assert len(sink.messages) == 1
    assert Notice.objects.get().ended_at is not None


def test_what_was_over_before_it_could_be_sent_is_never_sent(sink, haruka, trouble, clock):
    sink.refuses = True
    trouble.append(lift(haruka))
    tasks.send_due()
    trouble.clear()
    sink.refuses = False
    clock.shift(timedelta(hours=1))
    tasks.send_due()
    assert sink.messages == []


def test_a_fault_that_flaps_is_told_once_and_one_that_returns_later_again(
    sink, haruka, trouble, clock
):
    for pause, told in ((timedelta(minutes=5), 1), (timedelta(hours=5), 2)):
        trouble.append(lift(haruka))
        tasks.send_due()
        trouble.clear()
        tasks.send_due()
        clock.shift(pause)
        trouble.append(lift(haruka))
        tasks.send_due()
        trouble.clear()
        tasks.send_due()
        assert len(sink.messages) == told


def test_another_fault_of_the_same_thing_is_another_message(sink, haruka, trouble):
    trouble.append(lift(haruka))
    tasks.send_due()
    trouble[:] = [lift(haruka, fault="door")]
    tasks.send_due()
    assert len(sink.messages) == 2
    assert Notice.objects.get(ended_at=None).fault == "door"


def test_a_mail_server_in_trouble_is_asked_again_later_and_less_and_less_often(
    sink, haruka, trouble, clock
):
    sink.refuses = True
    trouble.append(lift(haruka))
    tasks.send_due()
    tasks.send_due()
    row = Notice.objects.get()
    assert (row.send_failures, row.times_sent) == (1, 0)
    for _attempt in range(3):
        clock.move_to(Notice.objects.get().due_at)
        tasks.send_due()
    row.refresh_from_db()
    assert row.send_failures == 4
    sink.refuses = False
    clock.move_to(row.due_at)
    tasks.send_due()
    row.refresh_from_db()
    assert (row.send_failures, row.times_sent, len(sink.messages)) == (0, 1, 1)


def test_a_notice_in_another_workers_hands_is_left_alone_until_that_worker_is_lost(
    sink, haruka, trouble, clock
):
    trouble.append(lift(haruka))
    telling.reconcile_all()
    row = Notice.objects.get()
    Notice.objects.update(due_at=row.due_at + timedelta(minutes=10))  # claimed, then killed
    assert mailing.due() == [] and not mailing.send(row.pk)
    clock.shift(timedelta(minutes=11))
    tasks.send_due()
    assert len(sink.messages) == 1


@pytest.mark.parametrize(
    ("other", "email", "avoid", "address"),
    [
        ("a@home.example", "a@office.example", [], "a@home.example"),
        ("", "a@office.example", [], "a@office.example"),
        ("", "a@office.example", ["A@Office.Example"], ""),
        ("a@home.example", "a@office.example", ["a@office.example"], "a@home.example"),
        ("a@office.example", "a@else.example", ["a@office.example"], "a@else.example"),
        ("", "", [], ""),
    ],
)
def test_the_address_is_never_the_one_that_stopped(db, other, email, avoid, address):
    person = User(username="a", email=email, notice_address=other)
    assert mailing.address_for(person, avoid) == address


def test_who_enters_another_address_is_told_then(sink, haruka, trouble, clock):
    haruka.notice_address = ""
    haruka.save()
    trouble.append(lift(haruka, avoid=("haruka@office.example",)))
    tasks.send_due()
    assert sink.messages == []
    haruka.notice_address = ADDRESS
    haruka.save()
    clock.shift(timedelta(hours=2))
    tasks.send_due()
    assert len(sink.to(ADDRESS)) == 1


def test_somebody_who_may_not_sign_in_any_more_is_not_written_to(sink, haruka, trouble):
    haruka.is_active = False
    haruka.save()
    trouble.append(lift(haruka))
    tasks.send_due()
    assert sink.messages == []


def test_tell_says_at_once_what_the_next_sweep_confirms_and_end_ends_it(sink, haruka, trouble):
    trouble.append(lift(haruka))
    for _twice in range(2):
        telling.tell("tests.lift", "lift:1", "rope", [haruka])
    assert Notice.objects.count() == 1
    telling.end("lift:1")
    assert Notice.objects.filter(ended_at=None).count() == 0


def test_everybody_enters_the_other_address_in_their_settings(client, haruka):
    client.force_login(haruka)
    address = reverse("users:settings")
    assert "Other address for notices" in client.get(address).content.decode()
    values = {"appearance": "auto", "density": "normal", "notice_address": "new@home.example"}
    client.post(address, values)
    haruka.refresh_from_db()
    assert haruka.notice_address == "new@home.example"
    refused = client.post(address, values | {"notice_address": "no address"})
    assert "valid email address" in refused.content.decode()
    haruka.refresh_from_db()
    assert haruka.notice_address == "new@home.example"


def test_what_is_long_over_is_forgotten(sink, haruka, trouble, clock):
    trouble.append(lift(haruka))
    tasks.send_due()
    trouble.clear()
    tasks.send_due()
    clock.shift(timedelta(days=91))
    tasks.send_digests()
    assert not Notice.objects.exists()
