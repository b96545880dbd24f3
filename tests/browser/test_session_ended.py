"""Somebody signs out in another window while a message is being written."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.furnished import furnish
from tests.browser.screens import enter
from webmail.models import OutgoingMessage

pytestmark = pytest.mark.browser


def test_what_is_written_survives_the_end_of_the_session(
    transactional_db: None, page: Page, live_server: LiveServer, complaints: list[str]
) -> None:
    furnished = furnish()
    enter(page.context, live_server.url, furnished.haruka)
    draft = OutgoingMessage.objects.create(
        account=furnished.account, author=furnished.haruka, to="sato@example.test", subject="Plan"
    )
    page.goto(live_server.url + reverse("webmail:draft", args=[draft.public_id]))
    Session.objects.all().delete()
    page.get_by_label("Text").fill("Typed after the end.")
    page.get_by_role("button", name="Send", exact=True).click()

    banner = page.locator('[data-banner="session-ended"]')
    expect(banner).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value("Typed after the end.")
    draft.refresh_from_db()
    assert draft.state == OutgoingMessage.State.DRAFT
    assert draft.text == ""

    enter(page.context, live_server.url, furnished.haruka)  # in another window
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page).not_to_have_url(live_server.url + reverse("webmail:draft", args=[draft.public_id]))
    draft.refresh_from_db()
    assert draft.state == OutgoingMessage.State.QUEUED
    assert draft.text.strip() == "Typed after the end."
    complaints.clear()  # the refused save is written to the console by the browser
