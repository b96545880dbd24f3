"""Reading, answering, undoing and tidying with the keyboard alone; the focus can be seen at every step."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.furnished import Furnished, furnish
from tests.sandbox import PASSWORD
from webmail.models import Message, OutgoingMessage, WebmailPolicy

pytestmark = pytest.mark.browser

#: What is in focus, whether it can be seen to be, and whether something lies over it.
FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return { name: "nothing", isMarked: false, isCovered: true };
  const shown = element.matches(".visually-hidden input, input.visually-hidden") ? element.parentElement : element;
  const box = shown.getBoundingClientRect();
  const marks = [element, element.closest(".composer-line, .composer-body, label"), element.querySelector("*")]
    .filter(Boolean).flatMap((one) => ["", "::before", "::after"].map((pseudo) => getComputedStyle(one, pseudo)));
  const above = document.elementFromPoint(box.x + Math.min(box.width, 200) / 2, box.y + Math.min(box.height, 40) / 2);
  return {
    name: `${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 40)}`,
    isMarked: marks.some((style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
      || style.boxShadow.includes("inset")
      || (/^"/.test(style.content) && style.backgroundColor !== "rgba(0, 0, 0, 0)")) || element.matches("input, textarea, select, iframe"),
    isCovered: box.width > 4 && (!above || !(shown.contains(above) || above.contains(shown))),
  };
}"""


@pytest.fixture
def world(transactional_db: None) -> Furnished:
    """Haruka's mailbox, and time enough to undo."""
    furnished = furnish()
    OutgoingMessage.objects.all().delete()
    furnished.haruka.set_password(PASSWORD)
    furnished.haruka.save()
    policy = WebmailPolicy.current()
    policy.undo_seconds = 60
    policy.save()
    return furnished


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other; whatever has the focus afterwards must look like it."""
    for key in keys:
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        if focus["name"] != "nothing":
            assert focus["isMarked"], f"The focus cannot be seen on {focus['name']}"
            assert not focus["isCovered"], f"Something lies over {focus['name']}"


def tab_to(page: Page, selector: str) -> None:
    """Tab on until something that fits has the focus."""
    for _ in range(60):
        press(page, "Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never comes to {selector}")


def test_whole_way_from_the_door_to_the_answer_goes_by_keyboard(
    page: Page, live_server: LiveServer, world: Furnished
) -> None:
    page.goto(live_server.url)
    tab_to(page, "#id_login")
    page.keyboard.type("haruka")
    press(page, "Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Kamiya Stationery")).to_be_visible()
    tab_to(page, "main a.portal-card, main .portal-card a, a[href='/mail/']")
    page.keyboard.press("Enter")
    reading_goes_by_keyboard(page)
    answering_goes_by_keyboard(page)
    tidying_goes_by_keyboard(page)


def reading_goes_by_keyboard(page: Page) -> None:
    rows = page.locator(".message-row")
    expect(rows.first).to_be_visible()
    tab_to(page, ".message-row")
    expect(rows.nth(0)).to_be_focused()
    press(page, "ArrowDown", "ArrowDown", "ArrowUp")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#reading h1")).to_have_text("来週の定例会議の日程について")
    expect(rows.nth(1)).not_to_have_class("message-row is-unread")
    expect(rows.nth(1)).to_be_focused()
    tab_to(page, "#reading button")


def answering_goes_by_keyboard(page: Page) -> None:
    page.keyboard.press("r")
    text = page.get_by_label("Text")
    expect(text).to_be_focused()
    page.keyboard.type("承知いたしました。")
    page.keyboard.press("Control+Enter")
    strip = page.locator("#sending-strip")
    expect(strip).to_contain_text("will be sent in")
    page.keyboard.press("z")
    expect(text).to_be_focused()
    expect(text).to_contain_text("承知いたしました。")
    assert OutgoingMessage.objects.get().state == OutgoingMessage.State.DRAFT
    page.keyboard.press("Control+Enter")
    expect(strip).to_contain_text("will be sent in")
    assert OutgoingMessage.objects.get().state == OutgoingMessage.State.QUEUED


def tidying_goes_by_keyboard(page: Page) -> None:
    inbox = Message.objects.filter(mailbox__role="inbox", is_deleted=False)
    page.keyboard.press("g")
    page.keyboard.press("i")
    rows = page.locator(".message-row")
    expect(page.locator("#list-title")).to_have_text("Inbox")
    page.wait_for_url("**/mail/folders/**")
    press(page, "j", "x", "j", "x")
    expect(page.locator("#bulk")).to_contain_text("2 selected")
    count = rows.count()
    page.keyboard.press("e")
    expect(rows).to_have_count(count - 2)
    expect(page.locator("#toasts")).to_contain_text("2 messages archived.")
    page.keyboard.press("z")
    expect(rows).to_have_count(count)
    assert inbox.filter(mailbox__account__name="Work").count() == count
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Reply to all")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
