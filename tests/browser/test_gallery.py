"""Every component in every state: usable by keyboard, readable by everybody, inside the window."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from groupware.gallery import PARTS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.browser.gallery_urls"),
]


@pytest.fixture
def gallery(live_server: LiveServer) -> str:
    """Where the gallery begins."""
    return f"{live_server.url}/gallery"


def problems(page: Page) -> list[str]:
    """Accessibility faults of the page, of every impact."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("width", "dress"),
    [(1280, "appearance=light&language=en"), (390, "appearance=dark&language=ja")],
)
def test_every_part_is_accessible_in_every_dress(
    page: Page, gallery: str, part: str, width: int, dress: str
) -> None:
    page.set_viewport_size({"width": width, "height": 860})
    page.goto(f"{gallery}/{part}/?{dress}")
    assert problems(page) == []


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_wider_than_the_narrowest_window(page: Page, gallery: str, part: str) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{gallery}/{part}/?language=en")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_menu_is_used_by_keyboard_and_gives_the_focus_back(page: Page, gallery: str) -> None:
    page.goto(f"{gallery}/components/")
    opener = page.locator("[popovertarget=more]")
    opener.focus()
    page.keyboard.press("Enter")
    items = page.locator("#more .menu-item")
    expect(items.nth(0)).to_be_focused()
    page.keyboard.press("End")
    expect(items.last).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(items.nth(0)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#more")).to_be_hidden()
    expect(opener).to_be_focused()


def test_question_is_asked_in_a_dialog_and_can_be_left(page: Page, gallery: str) -> None:
    page.goto(f"{gallery}/components/")
    page.get_by_role("button", name="Ask first").click()
    dialog = page.get_by_role("dialog", name="Disconnect this mailbox?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()


def test_list_has_one_tab_stop_and_arrows_move_in_it(page: Page, gallery: str) -> None:
    page.goto(f"{gallery}/webmail/")
    rows = page.locator(".message-row")
    expect(page.locator(".message-row[tabindex='0']")).to_have_count(1)
    rows.nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(2)).to_be_focused()
    page.keyboard.press("End")
    expect(rows.last).to_be_focused()
    expect(page.locator(".message-row[tabindex='0']")).to_have_count(1)


def test_narrow_window_shows_one_pane_at_a_time(page: Page, gallery: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{gallery}/webmail/?pane=reading")
    expect(page.locator(".reading")).to_be_visible()
    expect(page.locator(".list-pane")).to_be_hidden()
    page.locator(".reading [data-show-pane=list]").click()
    expect(page.locator(".list-pane")).to_be_visible()
    expect(page.locator(".reading")).to_be_hidden()


def test_width_of_a_pane_is_kept_on_this_device(page: Page, gallery: str) -> None:
    page.goto(f"{gallery}/webmail/")
    edge = page.locator("[data-resize='--folders-width']")
    before = int(edge.get_attribute("aria-valuenow") or 0)
    edge.focus()
    page.keyboard.press("ArrowRight")
    page.reload()
    expect(edge).to_have_attribute("aria-valuenow", str(before + 16))


def test_selected_rows_are_counted_and_bring_what_can_be_done(page: Page, gallery: str) -> None:
    page.goto(f"{gallery}/forms/")
    bar = page.locator("[data-bulk]")
    expect(bar).to_contain_text("1 selected")
    page.get_by_label("Select all on this page").check()
    expect(bar).to_contain_text("2 selected")
    page.get_by_label("Select all on this page").uncheck()
    expect(bar).to_be_hidden()


def test_what_was_written_is_not_lost_without_a_question(page: Page, gallery: str) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{gallery}/forms/")
    page.fill("#id_host", "imap.example.org")
    page.goto(f"{gallery}/states/")
    assert asked == ["beforeunload"]


def test_session_that_ended_is_said_and_the_page_stays(
    page: Page, gallery: str, complaints: list[str]
) -> None:
    page.goto(f"{gallery}/components/")
    page.route("**/expired", lambda route: route.fulfill(status=401))
    page.evaluate("htmx.ajax('GET', '/expired', {target: '#main'})")
    banner = page.locator("[data-banner=session-ended]")
    expect(banner).to_contain_text("Your session has ended")
    link = banner.get_by_role("link", name="Sign in")
    assert "next=%2Fgallery%2Fcomponents%2F" in str(link.get_attribute("href"))
    expect(page.get_by_role("heading", name="Buttons")).to_be_visible()
    complaints.clear()  # Chromium writes every 401 into its console


def test_passing_word_can_be_undone(page: Page, gallery: str) -> None:
    posted: list[str | None] = []
    page.goto(f"{gallery}/components/")
    page.route(
        "**/undo",
        lambda route: (
            posted.append(route.request.headers.get("x-csrftoken")),
            route.fulfill(status=200, body=""),
        ),
    )
    page.route(
        "**/delete",
        lambda route: route.fulfill(
            status=200,
            headers={"HX-Trigger": '{"toast": {"text": "Moved to Trash", "undo": "/undo"}}'},
            body="",
        ),
    )
    page.evaluate("htmx.ajax('POST', '/delete', {swap: 'none'})")
    toasts = page.locator("#toasts")
    expect(toasts).to_contain_text("Moved to Trash")
    with page.expect_request("**/undo"):
        toasts.get_by_role("button", name="Undo").click()
    expect(toasts).to_be_empty()
    assert posted
    assert posted[0]


def test_shortcuts_are_silent_while_typing(page: Page, gallery: str) -> None:
    page.goto(f"{gallery}/webmail/")
    page.locator("input[type=search]").focus()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.locator(".message-row").first.focus()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
