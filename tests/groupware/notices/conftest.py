"""People, a mail server that keeps what comes, and one kind of trouble that tests switch on and off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.utils.translation import gettext as _

from groupware.notices import registry
from groupware.notices.registry import Fault, Kind, Words
from groupware.users.models import User
from tests.mail_sink import MailSink

MORNING = "2026-11-12T03:00:00+00:00"


@pytest.fixture
def sink(settings) -> Iterator[MailSink]:
    """The installation's mail server."""
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def haruka(db: None) -> User:
    return User.objects.create_user(
        "haruka", email="haruka@office.example", notice_address="haruka@home.example"
    )


@pytest.fixture
def trouble() -> Iterator[list[Fault]]:
    """What is wrong now, of a kind that is about the office's lift."""
    wrong: list[Fault] = []
    kind = Kind(
        key="tests.lift",
        current=lambda: wrong,
        words=lambda notice: Words(
            subject=f"The lift\nstands still: {notice.facts.get('floor', '?')}",
            paragraphs=["It <stands> still.", _("Your settings are saved.")],
            steps=["Climb the stairs."],
            button="Look at the lift",
            path="/lift/",
        ),
    )
    registry.register(kind)
    yield wrong
    registry._kinds.pop("tests.lift")
