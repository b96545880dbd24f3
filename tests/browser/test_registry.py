"""An authorization server is registered by keyboard alone, and two people who change it do not hurt each other."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from oauthservers.models import AuthorizationServer
from tests.browser.furnished import Furnished, furnish
from tests.browser.screens import enter
from tests.sandbox import Sandbox

pytestmark = pytest.mark.browser


@pytest.fixture
def world(transactional_db: None, page: Page, live_server: LiveServer) -> Furnished:
    """The administrator is signed in."""
    furnished = furnish()
    enter(page.context, live_server.url, furnished.admin)
    return furnished


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control called ``name`` has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()"
        )
        if focused.startswith(name):
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_server_is_registered_by_keyboard_alone(
    page: Page, live_server: LiveServer, world: Furnished, sandbox: Sandbox
) -> None:
    page.goto(live_server.url + reverse("oauthservers:servers"))
    tab_to(page, "Add a server")
    page.keyboard.press("Enter")
    page.wait_for_url("**/add/")
    tab_to(page, "OpenID Connect, OAuth 2.0")
    page.keyboard.press("Enter")
    page.wait_for_url("**/add/generic/")
    for label, text in (
        ("Name", "Laboratory"),
        ("Issuer", sandbox.generic.issuer),
        ("Client ID", "groupware"),
        ("Client secret", "secret"),
        ("CA certificates (PEM)", sandbox.ca_file.read_text()),
    ):
        tab_to(page, label)
        page.keyboard.insert_text(text)
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Laboratory")
    expect(page.get_by_label("Redirect URI")).to_have_value(
        AuthorizationServer.objects.get(name="Laboratory").redirect_uri
    )


def test_form_shows_only_what_belongs_to_the_chosen_access(
    page: Page, live_server: LiveServer, world: Furnished
) -> None:
    page.goto(live_server.url + reverse("oauthservers:add_server", args=["google"]))
    expect(page.get_by_label("Offer pasting the code")).to_be_visible()
    expect(page.get_by_label("Service account key file")).to_be_hidden()
    page.get_by_label("All mailboxes of the organization, without their owners").check()
    expect(page.get_by_label("Offer pasting the code")).to_be_hidden()
    expect(page.get_by_label("Service account key file")).to_be_visible()


def test_second_of_two_people_sees_what_the_first_one_did(
    browser: Browser,
    page: Page,
    live_server: LiveServer,
    world: Furnished,
    complaints: list[str],
) -> None:
    address = live_server.url + reverse(
        "oauthservers:edit_server", args=[world.authorization_server.public_id]
    )
    context = browser.new_context()
    enter(context, live_server.url, world.admin)
    first = context.new_page()
    for tab in (page, first):
        tab.goto(address)
    first.get_by_label("Client ID").fill("their-client")
    first.get_by_label("Client secret", exact=True).fill("new")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_text("Google Workspace is saved.")).to_be_visible()
    context.close()
    page.get_by_label("Name", exact=True).fill("Mine")
    page.get_by_label("Client secret", exact=True).fill("new")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("has changed this server meanwhile")).to_be_visible()
    expect(page.get_by_label("Client ID")).to_have_value("their-client")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Mine")
    complaints[:] = [line for line in complaints if "status of 422" not in line]
