"""The moment between asking and answer: what still stands on the page is not what was asked for."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.furnished import Furnished, furnish
from tests.browser.screens import enter
from webmail.models import Message, OutgoingMessage

pytestmark = pytest.mark.browser


@pytest.fixture
def held() -> list[Route]:
    """Requests that wait until the test lets them go."""
    return []


@pytest.fixture
def world(transactional_db: None, page: Page, live_server: LiveServer) -> Furnished:
    """Haruka looks at the first message of her inbox."""
    furnished = furnish()
    enter(page.context, live_server.url, furnished.haruka)
    page.goto(live_server.url + reverse("webmail:mailbox", args=[furnished.inbox.public_id]))
    page.locator(".message-link").first.click()
    expect(page.locator("#reading article")).to_be_visible()
    return furnished


def hold(page: Page, address: str, held: list[Route]) -> None:
    """Requests for ``address`` go no further."""

    def keep(route: Route) -> None:
        held.append(route)

    page.route(f"**{address}", keep)


def chosen(page: Page, held: list[Route]) -> Message:
    """The second message was clicked, and its answer is on the way."""
    row = page.locator(".message-row").nth(1)
    message = Message.objects.get(public_id=row.get_attribute("data-message"))
    address = reverse("webmail:message", args=[message.public_id])
    hold(page, address, held)
    with page.expect_request(f"**{address}"):
        row.locator(".message-link").click()
    return message


def test_answering_waits_for_the_message_that_was_chosen(
    page: Page, world: Furnished, held: list[Route]
) -> None:
    message = chosen(page, held)
    drafts = OutgoingMessage.objects.drafts().count()
    for key in "raf":
        page.keyboard.press(key)
    expect(page.locator("#reading")).to_have_js_property("inert", True)
    held[0].continue_()
    expect(page.locator("#reading h1")).to_have_text(message.subject)
    assert OutgoingMessage.objects.drafts().count() == drafts
    page.keyboard.press("r")
    expect(page.get_by_label("Text")).to_be_focused()
    assert OutgoingMessage.objects.drafts().latest("pk").original == message


def test_the_message_before_can_be_answered_when_the_chosen_one_does_not_come(
    page: Page, world: Furnished, held: list[Route], complaints: list[str]
) -> None:
    chosen(page, held)
    held[0].abort()
    expect(page.locator("#toasts .toast")).to_be_visible()
    expect(page.locator("#reading")).to_have_js_property("inert", False)
    complaints.clear()  # the browser tells that a request failed; that is what this test is about


def test_the_last_of_two_messages_that_were_chosen_is_shown(
    page: Page, world: Furnished, held: list[Route], complaints: list[str]
) -> None:
    chosen(page, held)
    third = page.locator(".message-row").nth(2)
    third.locator(".message-link").click()
    expect(page.locator("#reading article")).to_have_attribute(
        "data-open-message", third.get_attribute("data-message") or ""
    )
    held[0].continue_()
    expect(page.locator("#reading")).to_have_js_property("inert", False)
    expect(third).to_have_class("message-row is-open")
    assert all("htmx:" in line for line in complaints)
    complaints.clear()  # htmx tells that the first request was given up


def test_undo_does_not_reach_past_what_was_just_done(
    page: Page, world: Furnished, held: list[Route]
) -> None:
    OutgoingMessage.objects.filter(state="queued").update(author=world.haruka)
    page.reload()
    expect(page.locator("[data-undo-sending]")).to_be_visible()
    page.locator(".message-row").nth(1).focus()
    hold(page, reverse("webmail:act"), held)
    with page.expect_request(f"**{reverse('webmail:act')}"):
        page.keyboard.press("e")
    page.keyboard.press("z")
    held[0].continue_()
    expect(page.locator("#toasts")).to_contain_text("1 message archived.")
    assert OutgoingMessage.objects.filter(subject="Tomorrow", state="queued").exists()
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    assert OutgoingMessage.objects.filter(subject="Tomorrow", state="queued").exists()
