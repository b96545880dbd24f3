"""Every screen in every dress: usable by everybody, inside the window, without a complaint of the browser.

Each dress is one walk through all screens, so that the rows are made once.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.browser import bulk_work, screens
from tests.browser.furnished import furnish

pytestmark = pytest.mark.browser

DRESSES = [
    pytest.param(1280, "light", "en", id="wide-light-en"),
    pytest.param(390, "dark", "ja", id="narrow-dark-ja"),
    pytest.param(390, "light", "fr", id="narrow-light-fr"),
    pytest.param(1280, "dark", "ru", id="wide-dark-ru"),
]
EXPECTED = ("status of 403", "status of 404")  # Chromium writes every refusal into its console


def faults(page: Page) -> list[str]:
    """What axe finds, of every impact, and what is wider than the window."""
    found = Axe().run(page).response["violations"]
    words = [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [*words, f"{width} pixels wider than the window"] if width > 0 else words


@pytest.mark.parametrize(("width", "appearance", "language"), DRESSES)
def test_no_screen_has_an_accessibility_fault(
    page: Page,
    live_server: LiveServer,
    complaints: list[str],
    width: int,
    appearance: str,
    language: str,
) -> None:
    world = furnish(language, appearance)
    page.set_viewport_size({"width": width, "height": 860})
    page.set_extra_http_headers({"Accept-Language": language})
    page.emulate_media(color_scheme="dark" if appearance == "dark" else "light")
    waiting = bulk_work.furnish(world)
    wrong = {}
    walks = (
        (None, screens.SIGNED_OUT),
        (world.haruka, screens.of_haruka(world)),
        (world.admin, screens.of_admin(world)),
        (world.admin, bulk_work.screens(world)),
        (waiting, bulk_work.PERSONAL),
    )
    for user, addresses in walks:
        if user:
            screens.enter(page.context, live_server.url, user)
        for name, address in addresses.items():
            page.goto(live_server.url + address)
            assert page.locator("html").get_attribute("lang") == language
            if found := faults(page):
                wrong[name] = found
    complaints[:] = [line for line in complaints if not any(word in line for word in EXPECTED)]
    assert wrong == {}
