"""Searching with the keyboard, from any list to the message that was meant."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.furnished import furnish
from tests.browser.screens import enter
from tests.browser.test_keyboard import press

pytestmark = pytest.mark.browser


def test_a_word_leads_to_its_message_without_the_mouse(
    page: Page, live_server: LiveServer, transactional_db: None
) -> None:
    world = furnish()
    enter(page.context, live_server.url, world.haruka)
    page.goto(live_server.url + reverse("webmail:mailbox", args=[world.inbox.public_id]))
    press(page, "/")
    page.keyboard.type("文具フェア")
    page.keyboard.press("Enter")
    first = page.locator(".message-row").first
    expect(first.locator("mark").first).to_have_text("文具フェア")
    expect(first).to_be_focused()
    press(page, "o")
    expect(page.locator("#reading h1")).to_contain_text("文具フェア")
