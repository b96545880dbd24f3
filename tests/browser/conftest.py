"""A real Chromium, and a page that fails its test when the browser complains."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

ARGUMENTS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS.split()
        )
        yield running
        running.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console called an error, content-security policy included."""
    return []


def serious(line: ConsoleMessage) -> list[str]:
    """What the console calls an error; pages of authorization servers are not ours to judge."""
    place = line.location.get("url", "")
    is_elsewhere = place.startswith("http") and not place.startswith(os.environ["PUBLIC_URL"])
    return [f"{line.text} ({place})"] if line.type == "error" and not is_elsewhere else []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A new page of 1280 × 860; after the test its console must be clean."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 860},
        reduced_motion="reduce",
        timezone_id="Asia/Tokyo",
        ignore_https_errors=True,  # the sandbox's sign-in pages have a certificate of their own
    )
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda line: complaints.extend(serious(line)))
    yield opened
    context.close()
    assert complaints == []
