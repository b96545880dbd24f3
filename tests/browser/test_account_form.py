"""The account form follows what is chosen in it."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.furnished import furnish
from tests.browser.screens import enter

pytestmark = pytest.mark.browser


def test_the_primary_button_is_what_comes_next_for_the_chosen_sign_in(
    page: Page, live_server: LiveServer, transactional_db: None
) -> None:
    enter(page.context, live_server.url, furnish().haruka)
    page.goto(live_server.url + reverse("webmail:account_new"))
    primary = page.locator("main .button-primary:visible")
    expect(primary).to_have_text(["Authenticate"])
    page.get_by_label("User name and password").first.check()
    expect(primary).to_have_text(["Save"])
    page.get_by_label("OAuth 2.0").first.check()
    expect(primary).to_have_text(["Authenticate"])


def test_a_typed_server_shows_what_it_needs_and_a_shared_mailbox_names_its_delegate(
    page: Page, live_server: LiveServer, transactional_db: None
) -> None:
    enter(page.context, live_server.url, furnish().haruka)
    page.goto(live_server.url + reverse("webmail:account_new"))
    host = page.get_by_label("Host name").first
    expect(host).to_be_hidden()
    page.get_by_label("Incoming mail server").select_option("typed")
    expect(host).to_be_visible()
    keeps = page.get_by_label("leave mail on the server")
    expect(keeps).to_be_hidden()
    page.get_by_label("Protocol").select_option("pop3")
    expect(keeps).to_be_visible()
    issuer = page.locator("[data-authorization-name=receive]")
    expect(issuer).to_have_text("–")
    page.locator("#id_typed_receive-authorization_server").select_option(label="Google Workspace")
    expect(issuer).to_have_text("Google Workspace")

    page.get_by_text("Other sign-in names").click()
    page.get_by_label("Mail address").fill("orders@example.jp")
    page.get_by_label("Authorized as").fill("haruka@example.jp")
    page.get_by_label("Authorized as").blur()
    names = page.get_by_label("User name for receiving"), page.get_by_label("User name for sending")
    expect(names[0]).to_have_attribute("placeholder", "orders@example.jp")
    expect(names[1]).to_have_attribute("placeholder", "haruka@example.jp")


def test_members_are_selected_and_given_another_right(
    page: Page, live_server: LiveServer, complaints: list[str], transactional_db: None
) -> None:
    world = furnish()
    enter(page.context, live_server.url, world.haruka)
    page.goto(live_server.url + reverse("webmail:members", args=[world.managed.public_id]))
    change = page.get_by_role("button", name="Change the right")
    expect(change).to_be_hidden()
    row = page.get_by_role("row").filter(has_text="東京支店 営業部")
    row.get_by_role("checkbox").check()
    page.locator("#new-role").select_option("reader")
    change.click()
    expect(row).to_contain_text("Can read")
    expect(row).not_to_contain_text("send")
    page.get_by_label("Person").fill("nobody-here")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Nobody signs in with nobody-here.")).to_be_visible()
    complaints[:] = [line for line in complaints if "status of 422" not in line]


def test_a_reader_s_keys_move_nothing(
    page: Page, live_server: LiveServer, transactional_db: None
) -> None:
    world = furnish()
    enter(page.context, live_server.url, world.haruka)
    message = world.message_read_only
    page.goto(live_server.url + reverse("webmail:mailbox", args=[message.mailbox.public_id]))
    row = page.locator(".message-row").first
    row.focus()
    with page.expect_response("**/messages/act/"):
        page.keyboard.press("s")
    page.keyboard.press("#")
    page.keyboard.press("e")
    expect(page.locator(".message-row")).to_have_count(1)
    message.refresh_from_db()
    assert (message.is_flagged, message.mailbox.role) == (True, "inbox")
