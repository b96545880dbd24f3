"""People, servers and mail as a browser test finds them, and the walk through a sign-in page."""

from __future__ import annotations

import time
from email.message import EmailMessage

from django.core.management import call_command
from playwright.sync_api import Page, expect

from groupware.users.models import User
from tests.sandbox import PASSWORD, Sandbox
from webmail.models import MailAccount

PATIENCE = 60_000  # ms that real servers and workers may take before a test gives up


def provisioned(sandbox: Sandbox) -> User:
    """The sandbox's servers and people, without anybody's mail account, and one new person."""
    call_command("provision", str(sandbox.provisioning_file), verbosity=0)
    MailAccount.objects.all().delete()
    for person in sandbox.people:
        for realm in (sandbox.microsoft, sandbox.google, sandbox.generic):
            realm.forget_consent(person.address)  # whoever consented in another test is asked again
    return User.objects.create_user(
        "yui", email="yui@groupware.example", password=PASSWORD, display_name="Yui Mori"
    )


def sign_in(page: Page, address: str, name: str) -> None:
    """Through the front door."""
    page.goto(address)
    page.get_by_label("User name or e-mail address").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def consent(page: Page, address: str) -> None:
    """Sign in at the authorization server as the owner of ``address``, and accept."""
    expect(page.get_by_text("· sandbox")).to_be_visible()
    if page.get_by_role("button", name="Use another account").count():
        page.get_by_role("button", name="Use another account").click()
    page.get_by_label("Address").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Accept").click()


def letter(subject: str, text: str, sender: str, to: str, html: str = "") -> bytes:
    """A message from ``sender`` with an identifier of its own."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = f"<{time.time_ns()}@browser.example>"
    mail["Date"] = "Thu, 12 Nov 2026 12:00:00 +0900"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail.as_bytes()


def on_server(sandbox: Sandbox, address: str, folder: str, subject: str) -> int:
    """How many messages with this subject lie in a folder on the server."""
    with sandbox.mailbox(address) as client:
        if client.select(f'"{folder}"', readonly=True)[0] != "OK":
            return 0
        numbers = client.search(None, "HEADER", "Subject", f'"{subject}"')[1][0]
    return len(numbers.split())
