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
