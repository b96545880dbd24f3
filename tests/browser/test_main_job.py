"""The main job as a new person does it: connect mailboxes, watch mail arrive, answer it, and the answer arrives."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from groupware.users.models import User
from tests.browser.office import (
    PATIENCE,
    consent,
    letter,
    on_server,
    provisioned,
    sign_in,
)
from tests.journeys.town import eventually
from tests.sandbox import Sandbox
from webmail.models import MailAccount, Message, WebmailPolicy

pytestmark = pytest.mark.browser

MAILBOXES = (
    ("maria@contoso.example", "Contoso IMAP", "Contoso SMTP"),
    ("haruka@example.jp", "example.jp POP3", "example.jp SMTP"),
    ("kenji@lab.example", "lab.example IMAP", "lab.example SMTP"),
)
MARIA, HARUKA, KENJI = (address for address, _, _ in MAILBOXES)
ALICE = "alice@contoso.example"  # somebody else, in another mailbox
SUBJECT = "Shall we meet on Friday?"


@pytest.fixture
def short_tokens(sandbox: Sandbox) -> Iterator[None]:
    """Access tokens that are over while the test runs."""
    realms = (sandbox.microsoft, sandbox.google, sandbox.generic)
    for realm in realms:
        realm.reset()
        realm.reset_counters()
        realm.set(access_token_seconds=5)
    yield
    for realm in realms:
        realm.reset()


@pytest.fixture
def newcomer(transactional_db: None, sandbox: Sandbox, short_tokens: None) -> User:
    """Somebody who never saw the groupware, on an installation whose servers are registered."""
    return provisioned(sandbox)


def connect(page: Page, address: str, incoming: str, outgoing: str) -> None:
    """From the list of mail accounts through the form and the sign-in page back to the form."""
    page.get_by_role("link", name="Add a mail account").first.click()
    page.get_by_label("Mail address").fill(address)
    for label, name in (("Incoming mail server", incoming), ("Outgoing mail server", outgoing)):
        choice = page.get_by_label(label)
        choice.select_option(choice.locator("option", has_text=name).get_attribute("value"))
    page.get_by_role("button", name="Authenticate").first.click()
    page.get_by_role("button", name="Sign in at").click()
    consent(page, address)
    expect(page.get_by_text(f"{address} is authorized.")).to_be_visible()
    expect(page.get_by_role("group", name="Receiving").locator(".status.is-active")).to_be_visible()


def inbox_of(page: Page, address: str) -> None:
    """Open the inbox of one account once its folders are there."""
    folders = page.locator(f"h2[title='{address}'] + ul")
    eventually(
        lambda: Message.objects.filter(account__address=address).exists(), f"mail of {address}"
    )
    page.goto(page.url)
    folders.get_by_role("link", name="Inbox").click()
    expect(page.get_by_role("row").first).to_be_visible()


def receive_now(page: Page) -> None:
    """Press the button above the list."""
    page.get_by_role("button", name="Receive now").click()


def test_new_person_connects_mailboxes_and_answers_a_message(
    page: Page,
    live_server: LiveServer,
    sandbox: Sandbox,
    newcomer: User,
    workers: subprocess.Popen[bytes],
    complaints: list[str],
) -> None:
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.clock.install()
    sign_in(page, live_server.url, "yui")
    page.goto(f"{live_server.url}/mail/")
    page.get_by_role("link", name="Set up a mail account").click()
    for mailbox in MAILBOXES:
        connect(page, *mailbox)
        page.goto(f"{live_server.url}/settings/mail/")
    assert MailAccount.objects.filter(owner=newcomer).count() == 3

    page.goto(f"{live_server.url}/mail/")
    it_arrives_by_pop3_when_asked_for(page, sandbox)
    it_arrives_by_imap_without_being_asked_for(page, sandbox)
    an_html_message_is_shown_in_its_frame(page, sandbox)
    the_answer_is_undone_once_and_then_arrives(page, sandbox)
    for realm in (sandbox.microsoft, sandbox.google, sandbox.generic):
        eventually(
            lambda server=realm: len(server.token_requests("refresh_token")) >= 2,
            f"a second refresh at {realm.issuer}",
        )
        refreshes = realm.token_requests("refresh_token")
        assert {request["status"] for request in refreshes} == {200}
    # Playwright's clock tried to get into the frame of the message body, and was refused as every script is.
    refused = [line for line in complaints if line.startswith("Blocked script execution")]
    assert refused
    complaints[:] = [line for line in complaints if line not in refused]


def it_arrives_by_pop3_when_asked_for(page: Page, sandbox: Sandbox) -> None:
    inbox_of(page, HARUKA)
    sandbox.deliver(letter("Ink delivery", "On its way.", "Ink <ink@shop.example>", HARUKA), HARUKA)
    receive_now(page)
    expect(page.get_by_role("row", name="Ink delivery")).to_be_visible()


def it_arrives_by_imap_without_being_asked_for(page: Page, sandbox: Sandbox) -> None:
    inbox_of(page, MARIA)
    text = "Friday at two suits me.\nDoes it suit you?"
    sandbox.deliver(letter(SUBJECT, text, f"Alice <{ALICE}>", MARIA), MARIA)
    eventually(
        lambda: Message.objects.filter(account__address=MARIA, subject=SUBJECT).exists(),
        "receiving by IMAP",
    )
    page.clock.fast_forward(31_000)  # the line above the list asks every half minute
    row = page.get_by_role("row", name=SUBJECT)
    expect(row).to_be_visible()
    expect(row).to_have_class("message-row is-unread")
    row.get_by_role("link").click()
    expect(page.locator("#reading")).to_contain_text("Friday at two suits me.")
    expect(row).not_to_have_class("is-unread")


def an_html_message_is_shown_in_its_frame(page: Page, sandbox: Sandbox) -> None:
    html = "<h2 style='color:#2f4b8f'>Autumn fair</h2><p>Paper and ink. <img src='https://images.shop.example/a.png'></p>"
    sandbox.deliver(letter("Autumn fair", "Paper.", "Shop <news@shop.example>", MARIA, html), MARIA)
    receive_now(page)
    page.get_by_role("row", name="Autumn fair").get_by_role("link").click()
    frame = page.frame_locator("iframe[data-body-frame]")
    expect(frame.get_by_role("heading", name="Autumn fair")).to_be_visible()
    expect(page.get_by_text("1 image blocked")).to_be_visible()


def the_answer_is_undone_once_and_then_arrives(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("row", name=SUBJECT).get_by_role("link").click()
    expect(page.get_by_role("heading", name=SUBJECT)).to_be_visible()
    page.get_by_role("button", name="Reply", exact=True).click()
    text = page.get_by_label("Text")
    expect(text).to_contain_text("> Friday at two suits me.")
    expect(page.get_by_label("To", exact=True)).to_have_value(f"Alice <{ALICE}>")
    text.press_sequentially("It suits me too.")
    page.get_by_role("button", name="Send", exact=True).click()
    strip = page.locator("#sending-strip")
    expect(strip).to_contain_text("will be sent in")
    strip.get_by_role("button", name="Undo").click()
    expect(text).to_contain_text("It suits me too.")
    assert on_server(sandbox, ALICE, "INBOX", f"Re: {SUBJECT}") == 0

    policy = WebmailPolicy.current()
    policy.undo_seconds = 0
    policy.save()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#reading")).to_contain_text("Friday at two suits me.")
    eventually(
        lambda: on_server(sandbox, ALICE, "INBOX", f"Re: {SUBJECT}"), "delivery of the answer"
    )
    eventually(lambda: on_server(sandbox, MARIA, "Sent", f"Re: {SUBJECT}"), "the copy in Sent")
    assert on_server(sandbox, ALICE, "INBOX", f"Re: {SUBJECT}") == 1
    it_lies_in_sent_once(page, sandbox)


def it_lies_in_sent_once(page: Page, sandbox: Sandbox) -> None:
    inbox_of(page, MARIA)
    receive_now(page)
    expect(page.get_by_text("Receiving…")).to_have_count(0)
    page.locator(f"h2[title='{MARIA}'] + ul").get_by_role("link", name="Sent").click()
    expect(page.get_by_role("row", name=f"Re: {SUBJECT}")).to_have_count(1)
    assert on_server(sandbox, MARIA, "Sent", f"Re: {SUBJECT}") == 1
