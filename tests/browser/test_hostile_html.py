"""Hostile mail in every field, opened in a real browser: no script runs, nothing is fetched, nobody is led away."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser import hostile
from tests.browser.screens import enter
from tests.corpus.hostile_html import PAYLOADS
from tests.factories import webmail as make
from webmail import compose
from webmail.models import MailAccount, Mailbox, Message

pytestmark = pytest.mark.browser

UUID = r"[0-9a-f-]{36}"
MEANT = (
    r"/static/.*|/favicon\.ico|/mail/outbox/sending/"
    rf"|/mail/folders/{UUID}/(rows/)?|/mail/accounts/{UUID}/receiving/"
    rf"|/mail/drafts/{UUID}/|/mail/messages/{UUID}/((body|seen|headers)/)?"
)
#: Puts bodies into frames as the reading pane does, and waits until every one is there.
FRAMES = """async ([addresses, sandbox]) => {
  await Promise.all(addresses.map((address) => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", sandbox);
    frame.addEventListener("load", done, { once: true });
    frame.src = address;
    document.body.append(frame);
  })));
}"""
LINKS = """() => [...document.querySelectorAll("iframe")].flatMap((frame) =>
  [...frame.contentDocument.querySelectorAll("a[href], area[href]")].map((a) => `${a.protocol} ${a.target} ${a.rel}`))"""


@pytest.fixture
def account(transactional_db: None) -> MailAccount:
    """An account whose name and folders are hostile, and whose inbox has a message for every payload."""
    with transaction.atomic():
        account = make.account_with_folders(name=hostile.ALL[0])
        for number, payload in enumerate(hostile.ALL):
            name = f"{payload.replace('/', '|').replace(chr(0), '')[:200]} {number}"
            make.MailboxFactory(account=account, name=name, role="")
            raw = hostile.message(number, payload, payload, [])
            make.received(make.inbox(account), raw, is_seen=True)
    return account


@pytest.fixture
def witness(page: Page, live_server: LiveServer) -> hostile.Witness:
    """Watches the browser in which the hostile mail is read."""
    return hostile.Witness(page.context, live_server.url, MEANT)


def nothing_happened(witness: hostile.Witness) -> None:
    assert witness.scripts == []
    assert witness.foreign == []
    assert witness.unmeant == []
    assert witness.windows == 0


def test_the_payloads_fire_in_a_page_that_does_not_defend_itself(browser: Browser) -> None:
    """The control: without it, zero would prove nothing."""
    context = browser.new_context()
    fired: set[str] = set()
    fetched: set[str] = set()

    def answer(route: Route) -> None:
        host, _, number = route.request.url.removeprefix("http://").partition("/")
        if host != "control.example":
            # A frame that is being led away has no name any more; it says where it was.
            is_leaving = route.request.is_navigation_request()
            referrer = route.request.headers.get("referer", "").rpartition("/")[2]
            fetched.add(referrer if is_leaving else route.request.frame.name)
            route.fulfill(status=200, content_type="text/plain", body="")
            return
        frames = "".join(
            f"<iframe name={index} src=/{index}></iframe>" for index in range(len(hostile.ALL))
        )
        body = hostile.ALL[int(number)] if number.isdigit() else frames
        headers = {"Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "unsafe-url"}
        route.fulfill(status=200, headers=headers, body=body)

    context.route("**/*", answer)
    context.expose_binding("fired", lambda source: fired.add(source["frame"].name))
    context.add_init_script("window.alert = window.print = () => fired();")
    page = context.new_page()
    page.goto("http://control.example/", wait_until="commit")
    classes = [kind for kind, payloads in PAYLOADS.items() for _ in payloads]
    needs_a_person = {"urls", "clobbering"}  # they wait for a click, or for a script of ours
    for _ in range(60):
        page.wait_for_timeout(200)
        alive = {classes[int(name)] for name in fired | fetched if name.isdigit()}
        if len(fired) > 40 and len(fetched) > 50 and alive >= set(PAYLOADS) - needs_a_person:
            break
    context.close()
    assert len(fired) > 40
    assert len(fetched) > 50
    assert alive >= set(PAYLOADS) - needs_a_person


def test_hostile_bodies_do_nothing_in_their_frames(
    page: Page, live_server: LiveServer, account: MailAccount, witness: hostile.Witness
) -> None:
    enter(page.context, live_server.url, account.owner)
    messages = list(Message.objects.filter(account=account).order_by("pk"))
    page.goto(live_server.url + reverse("webmail:message", args=[messages[0].public_id]))
    sandbox = page.locator("iframe[data-body-frame]").get_attribute("sandbox")
    addresses = [reverse("webmail:body", args=[found.public_id]) for found in messages]
    here = page.url
    page.evaluate(FRAMES, [addresses, sandbox])
    page.mouse.move(400, 400)
    for _ in range(20):
        page.keyboard.press("Tab")
    assert page.url == here
    shown = {frame.url.removeprefix(live_server.url) for frame in page.frames[1:]}
    assert shown == set(addresses)
    links = set(page.evaluate(LINKS))
    assert links
    assert {link.split(" ")[0] for link in links} <= {"http:", "https:", "mailto:", "tel:"}
    assert all("_blank" in link and "noopener" in link for link in links)
    nothing_happened(witness)


def test_hostile_subjects_names_and_folders_are_text_in_the_list(
    page: Page, live_server: LiveServer, account: MailAccount, witness: hostile.Witness
) -> None:
    enter(page.context, live_server.url, account.owner)
    page.goto(live_server.url + reverse("webmail:mailbox", args=[make.inbox(account).public_id]))
    rows = page.locator(".message-row")
    while rows.count() < len(hostile.ALL):
        before = rows.count()
        page.get_by_role("button", name="Show older messages").click()
        page.wait_for_function(
            "before => document.querySelectorAll('.message-row').length > before", arg=before
        )
    expect(page.locator(".message-row")).to_have_count(len(hostile.ALL))
    expect(page.locator("a.folder")).to_have_count(len(hostile.ALL) + 7 + 3)
    nothing_happened(witness)


def test_hostile_names_text_and_files_are_text_in_the_reading_pane_and_the_composer(
    page: Page, live_server: LiveServer, transactional_db: None, witness: hostile.Witness
) -> None:
    account = make.account_with_folders()
    enter(page.context, live_server.url, account.owner)
    for number, payloads in enumerate(PAYLOADS.values()):
        raw = hostile.message(9000 + number, "\n".join(payloads), "", payloads)
        found = make.received(Mailbox.objects.get(account=account, role="sent"), raw)
        page.goto(live_server.url + reverse("webmail:message", args=[found.public_id]))
        expect(page.locator(".attachment")).to_have_count(len(payloads))
        page.locator(".letterhead summary").click()
        draft = compose.start_reply(found, account.owner, to_all=True)
        page.goto(live_server.url + reverse("webmail:draft", args=[draft.public_id]))
        expect(page.get_by_label("Text")).to_be_visible()
    nothing_happened(witness)
