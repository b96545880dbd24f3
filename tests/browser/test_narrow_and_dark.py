"""A narrow window shows one pane at a time and has a way back; dark and light are one choice that stays."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.furnished import LONG_SUBJECT, Furnished, furnish
from tests.browser.screens import enter
from webmail.models import OutgoingMessage

pytestmark = pytest.mark.browser

TARGETS = """() => [...document.querySelectorAll("a, button, input, select, summary")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .map((element) => [element, element.getBoundingClientRect()])
  .filter(([element, box]) => box.width > 1 && (box.width < 24 || box.height < 24) && !element.closest("p, dd, label, .reading-text, .visually-hidden"))
  .map(([element, box]) => `${element.outerHTML.slice(0, 120)} ${box.width}×${box.height}`)"""


@pytest.fixture
def world(transactional_db: None, page: Page, live_server: LiveServer) -> Furnished:
    """Haruka is signed in."""
    furnished = furnish()
    enter(page.context, live_server.url, furnished.haruka)
    return furnished


def inbox(live_server: LiveServer, world: Furnished) -> str:
    return live_server.url + reverse("webmail:mailbox", args=[world.inbox.public_id])


def test_narrow_window_goes_from_folders_to_the_message_and_back(
    page: Page, live_server: LiveServer, world: Furnished
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(inbox(live_server, world))
    folders, messages, reading = (
        page.locator(f".{name}") for name in ("folders", "list-pane", "reading")
    )

    def only(shown: int) -> None:
        for number, pane in enumerate((folders, messages, reading)):
            expect(pane).to_be_visible() if number == shown else expect(pane).to_be_hidden()

    only(1)
    page.get_by_role("button", name="Folders").click()
    only(0)
    folders.get_by_role("link", name="Sent").first.click()
    only(1)
    expect(page.locator("#list-title")).to_have_text("Sent")
    page.goto(inbox(live_server, world))
    row = page.locator(".message-row").nth(1)
    row.locator(".message-link").click()
    only(2)
    expect(page.locator("#reading h1")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    only(1)
    expect(row).to_be_focused()


def test_the_browsers_back_leads_from_a_message_to_the_list(
    page: Page, live_server: LiveServer, world: Furnished
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(inbox(live_server, world))
    page.locator(".message-link").nth(1).click()
    expect(page.locator("#reading h1")).to_be_visible()
    page.go_back()
    expect(page.locator(".list-pane")).to_be_visible()
    expect(page.locator(".reading")).to_be_hidden()


def test_targets_are_large_enough_for_a_thumb(
    page: Page, live_server: LiveServer, world: Furnished
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for address in (
        inbox(live_server, world),
        live_server.url + reverse("webmail:draft", args=[world.draft.public_id]),
        live_server.url + reverse("webmail:outbox"),
    ):
        page.goto(address)
        assert page.evaluate(TARGETS) == []


def test_a_finger_finds_the_box_of_every_row(
    browser: Browser, live_server: LiveServer, world: Furnished
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    enter(context, live_server.url, world.haruka)
    page = context.new_page()
    page.goto(inbox(live_server, world))
    assert page.evaluate(TARGETS) == []
    row = page.locator(".message-row.is-unread").first
    box, dot = row.get_by_role("checkbox"), row.locator(".message-dot").bounding_box()
    expect(box).to_have_css("opacity", "1")
    place = box.bounding_box()
    assert place and dot and dot["x"] + dot["width"] <= place["x"]
    box.tap()
    expect(page.locator("#bulk")).to_contain_text("1 selected")
    expect(page.locator(".reading")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_labels_of_the_composer_stay_on_one_line(
    page: Page, live_server: LiveServer, world: Furnished, width: int
) -> None:
    world.haruka.language = "ru"
    world.haruka.save()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(live_server.url + reverse("webmail:draft", args=[world.draft.public_id]))
    heights = page.locator(".composer-line > label").evaluate_all(
        "labels => labels.map((label) => label.offsetHeight)"
    )
    assert len(heights) == 5
    assert len(set(heights)) == 1
    fields = page.locator(".composer-line > :is(input, textarea)").evaluate_all(
        "fields => fields.map((field) => field.getBoundingClientRect().x)"
    )
    assert len(set(fields)) == 1


def test_undo_of_sending_lies_inside_a_narrow_window(
    page: Page, live_server: LiveServer, world: Furnished
) -> None:
    OutgoingMessage.objects.update(author=world.haruka, subject=LONG_SUBJECT)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(inbox(live_server, world))
    place = page.locator("[data-undo-sending]").bounding_box()
    assert place and place["x"] + place["width"] <= 390


def test_chosen_appearance_is_worn_at_once_and_kept(
    page: Page, live_server: LiveServer, world: Furnished
) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(live_server.url)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.locator("[popovertarget=person-menu]").first.click()
    with page.expect_response("**/settings/display/"):
        page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.goto(inbox(live_server, world))
    assert page.evaluate(ground) == dark
    world.haruka.refresh_from_db()
    assert world.haruka.appearance == "dark"


def test_mail_keeps_its_own_light_paper_in_the_dark(
    page: Page, live_server: LiveServer, world: Furnished
) -> None:
    world.haruka.appearance = "dark"
    world.haruka.save()
    html = world.inbox.messages.get(subject__contains="文具フェア")
    page.goto(live_server.url + reverse("webmail:message", args=[html.public_id]))
    body = page.frame_locator("iframe[data-body-frame]").locator("html")
    assert body.evaluate("page => getComputedStyle(page).backgroundColor") == "rgb(255, 255, 255)"
