"""The digest of administrators: in the morning, once a day, only when there is something."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from groupware.functions import registry as functions
from groupware.functions.models import FunctionAdministrator
from groupware.notices import tasks
from groupware.notices.registry import Fault
from groupware.users.models import User
from tests.mail_sink import text_of

LINES: list[str] = []


@pytest.fixture(autouse=True)
def something_waits(monkeypatch):
    """The function webmail has one line for whoever looks after it."""
    LINES[:] = ["Two mailboxes wait."]
    webmail = functions.get("webmail")

    def lines(person):
        looks_after = FunctionAdministrator.objects.filter(key="webmail", user=person).exists()
        return LINES if looks_after else []

    monkeypatch.setitem(functions._functions, "webmail", replace(webmail, digest=lines))


@pytest.fixture
def sato(db):
    person = User.objects.create_user("sato", email="sato@office.example", time_zone="Asia/Tokyo")
    FunctionAdministrator.objects.create(key="webmail", user=person)
    return person


def test_it_is_sent_once_a_day(sink, sato, clock):
    for _hour in range(30):
        tasks.send_digests()
        clock.shift(timedelta(hours=1))
    assert len(sink.to("sato@office.example")) == 2
    assert "Two mailboxes wait." in text_of(sink.messages[0])


def test_nothing_is_sent_when_nothing_waits(sink, sato, clock):
    LINES.clear()
    tasks.send_digests()
    assert sink.messages == []


def test_it_waits_for_the_morning_of_its_reader(sink, sato, clock):
    clock.move_to("2026-11-12T21:00:00+00:00")  # six in the morning in Tokyo
    tasks.send_digests()
    assert sink.messages == []
    clock.shift(timedelta(hours=1))
    tasks.send_digests()
    assert len(sink.messages) == 1


def test_it_is_tried_again_after_trouble_with_the_mail_server(sink, sato, clock):
    sink.refuses = True
    tasks.send_digests()
    sink.refuses = False
    clock.shift(timedelta(hours=1))
    tasks.send_digests()
    assert len(sink.messages) == 1


def test_nobody_else_gets_one(sink, haruka, clock):
    tasks.send_digests()
    assert sink.messages == []


def test_people_whom_no_notice_reaches_are_named(sink, sato, trouble, clock, haruka):
    admin = User.objects.create_user("admin", email="admin@office.example")
    admin.set_system_administrator(True)
    admin.save()
    User.objects.filter(pk=haruka.pk).update(notice_address="")
    trouble.append(Fault("lift:1", "rope", [haruka], avoid=["haruka@office.example"]))
    tasks.send_due()
    tasks.send_digests()
    (message,) = sink.to("admin@office.example")
    assert "1 person could not be reached" in text_of(message) and "haruka" in text_of(message)
