"""Every way to authorize a mailbox, with the keyboard alone."""

from __future__ import annotations

import subprocess

import pytest
from django.core.management import call_command
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from groupware.functions.models import FunctionAdministrator
from groupware.users.models import User
from oauthservers.models import AuthorizationServer, Grant
from tests.browser.office import PATIENCE, provisioned
from tests.browser.screens import enter
from tests.browser.test_keyboard import press, tab_to
from tests.factories import webmail as make
from tests.sandbox import PASSWORD, Sandbox
from webmail.models import MailAccount, MailServer

pytestmark = pytest.mark.browser

MARIA, HARUKA, KENJI = "maria@contoso.example", "haruka@example.jp", "kenji@lab.example"


@pytest.fixture
def person(transactional_db: None, sandbox: Sandbox, page: Page) -> User:
    """Somebody on an installation whose servers are registered."""
    for realm in (sandbox.microsoft, sandbox.google, sandbox.generic):
        realm.reset()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return provisioned(sandbox)


def account_of(person: User, address: str, place: str) -> MailAccount:
    """An account that was never authorized, and has mail from before."""
    account = make.account_with_folders(
        owner=person,
        name="",
        address=address,
        incoming_server=MailServer.objects.get(key=f"{place}-imap"),
        outgoing_server=MailServer.objects.get(key=f"{place}-smtp"),
        receive_authentication="oauth2",
        receive_password="",
        is_enabled=False,  # these tests authorize; receiving is told elsewhere
    )
    make.received(make.inbox(account), make.raw_message(subject="From before"))
    return account


def open_page(page: Page, live_server: LiveServer, person: User, account: MailAccount) -> None:
    """From the banner over the mailbox, which leads straight to the page."""
    enter(page.context, live_server.url, person)
    page.goto(f"{live_server.url}/mail/")
    page.evaluate("document.body.focus()")
    tab_to(page, "a.button[href*='/authorize/']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Authorize {account.address}")).to_be_visible()


def press_way(page: Page, way: str) -> None:
    tab_to(page, f"button[name=way][value={way}]")
    page.keyboard.press("Enter")


def sign_in_there(page: Page, address: str) -> None:
    """At the authorization server, whose pages are not ours."""
    expect(page.get_by_text("· sandbox")).to_be_visible()
    another = page.get_by_role("button", name="Use another account")
    if another.count():
        another.press("Enter")
    page.get_by_label("Address").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.get_by_role("button", name="Accept").press("Enter")


def is_back_at_the_mail(page: Page, account: MailAccount) -> None:
    """The person is where they were, and the banner is gone."""
    page.wait_for_url("**/mail/folders/**")
    expect(page.get_by_text(f"{account.address} is authorized.")).to_be_visible()
    expect(page.locator("a.button[href*='/authorize/']")).to_have_count(0)
    account.refresh_from_db()
    assert account.receive_grant == Grant.objects.get()


def test_signing_in_here(
    page: Page, live_server: LiveServer, sandbox: Sandbox, person: User
) -> None:
    account = account_of(person, KENJI, "lab")
    open_page(page, live_server, person, account)
    press_way(page, "redirect")
    sign_in_there(page, KENJI)
    is_back_at_the_mail(page, account)


def test_the_wrong_account_and_then_the_right_one(
    page: Page, live_server: LiveServer, sandbox: Sandbox, person: User
) -> None:
    account = account_of(person, MARIA, "contoso")
    open_page(page, live_server, person, account)
    press_way(page, "redirect")
    sign_in_there(page, "alice@contoso.example")
    alert = page.get_by_role("alert").filter(has_text="Another account signed in")
    expect(alert).to_contain_text("alice@contoso.example")
    expect(alert).to_contain_text(MARIA)
    page.locator("button", has_text="Use another account").press("Enter")
    sign_in_there(page, MARIA)
    is_back_at_the_mail(page, account)


def test_a_code_on_another_device(
    page: Page,
    live_server: LiveServer,
    sandbox: Sandbox,
    person: User,
    workers: subprocess.Popen[bytes],
) -> None:
    account = account_of(person, MARIA, "contoso")
    open_page(page, live_server, person, account)
    press_way(page, "device")
    expect(page.get_by_role("status").filter(has_text="Waiting for approval")).to_be_visible()
    code = page.locator("#user-code").inner_text()
    tab_to(page, "[data-copy='#user-code']")
    page.reload()
    expect(page.locator("#user-code")).to_have_text(code)
    sandbox.microsoft.approve_device(code, MARIA)
    is_back_at_the_mail(page, account)  # nothing was pressed


def test_a_declined_code_ends_clearly_and_a_new_one_is_one_press_away(
    page: Page,
    live_server: LiveServer,
    sandbox: Sandbox,
    person: User,
    workers: subprocess.Popen[bytes],
) -> None:
    account = account_of(person, MARIA, "contoso")
    open_page(page, live_server, person, account)
    press_way(page, "device")
    code = page.locator("#user-code").inner_text()
    sandbox.microsoft.decline_device(code)
    expect(page.locator("#attempt").get_by_role("alert")).to_be_visible()
    tab_to(page, "#attempt form button")
    page.keyboard.press("Enter")
    expect(page.locator("#user-code")).not_to_have_text(code)


def test_a_pasted_code(
    page: Page, live_server: LiveServer, sandbox: Sandbox, person: User, complaints: list[str]
) -> None:
    account = account_of(person, HARUKA, "example-jp")
    open_page(page, live_server, person, account)
    press_way(page, "pasted")
    expect(page.locator("#answer")).to_be_visible()
    tab_to(page, ".steps a[target=_blank]")
    failed_address = address_of_failed_page(page.context, page)
    tab_to(page, "#answer")
    page.keyboard.insert_text("http://127.0.0.1:1/")
    press(page, "Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".field-error")).to_be_visible()
    expect(page.locator("#answer")).to_be_focused()
    page.keyboard.insert_text(failed_address)
    press(page, "Tab")
    page.keyboard.press("Enter")
    is_back_at_the_mail(page, account)
    complaints[:] = [line for line in complaints if "status of 422" not in line]


def address_of_failed_page(context: BrowserContext, page: Page) -> str:
    """Sign in in the new tab; the address of the page that did not open."""
    with context.expect_page() as opened:
        page.keyboard.press("Enter")
    tab = opened.value
    seen: list[str] = []
    tab.on("request", lambda request: seen.append(request.url))
    sign_in_there(tab, HARUKA)
    tab.wait_for_timeout(1000)
    tab.close()
    return next(address for address in reversed(seen) if address.startswith("http://127.0.0.1:1/"))


def test_access_without_a_person(
    page: Page, live_server: LiveServer, sandbox: Sandbox, person: User
) -> None:
    call_command("provision", str(sandbox.application_file), verbosity=0)
    FunctionAdministrator.objects.create(key="webmail", user=person)
    account = account_of(person, MARIA, "contoso-application")
    open_page(page, live_server, person, account)
    expect(page.get_by_text("There is nothing to do")).to_be_visible()
    press_way(page, "application")
    is_back_at_the_mail(page, account)
    assert Grant.objects.get().access == Grant.Access.APPLICATION
    assert AuthorizationServer.objects.filter(fault_code="").exists()
