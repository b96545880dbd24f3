"""The overview in a real browser: it refreshes itself without losing ticks, and the keyboard is enough."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser import bulk_work, screens
from tests.browser.furnished import Furnished, furnish
from webmail.models import Invitation, MailAccount

pytestmark = pytest.mark.browser
OVERVIEW = "/manage/webmail/overview/"


@pytest.fixture
def office(page: Page, live_server: LiveServer) -> Furnished:
    """An office with work under way, and its administrator at the overview."""
    world = furnish()
    bulk_work.furnish(world)
    screens.enter(page.context, live_server.url, world.admin)
    page.goto(f"{live_server.url}{OVERVIEW}")
    return world


def refresh(page: Page) -> None:
    """Let the overview ask for itself, as it does every few seconds."""
    with page.expect_response(lambda answer: OVERVIEW in answer.url):
        page.evaluate("document.querySelector('#overview').dispatchEvent(new CustomEvent('poll'))")


def test_ticks_and_their_count_outlive_a_refresh(office: Furnished, page: Page) -> None:
    page.get_by_label("kaneko@example.jp").check()
    expect(page.locator("[data-selected-count]")).to_have_text("1")
    MailAccount.objects.filter(address="old1@example.jp").update(is_enabled=False)
    refresh(page)
    expect(page.get_by_role("link", name="Switched off 1")).to_be_visible()
    expect(page.get_by_label("kaneko@example.jp")).to_be_checked()
    expect(page.locator("[data-selected-count]")).to_have_text("1")
    expect(page.get_by_role("button", name="Invite the selected")).to_be_visible()


def test_everybody_who_waits_is_invited_with_the_keyboard_alone(
    office: Furnished, page: Page
) -> None:
    already = Invitation.objects.count()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name === 'all'"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Invited and authorized")).to_be_visible()
    assert Invitation.objects.count() > already
