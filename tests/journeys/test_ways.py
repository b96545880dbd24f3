"""The other ways to authorize a mailbox: a code for another device, a pasted code, access without a person."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.utils import timezone

from oauthservers import tasks as oauth_tasks
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.journeys.test_connecting import fill_in
from tests.journeys.town import ADDRESS, Town
from tests.journeys.visitor import Visitor
from webmail.models import MailAccount, MailServer


def choose(visitor: Visitor, username: str, way: str) -> MailAccount:
    """A new account, and a way on the page that authorizes it."""
    fill_in(visitor, username, "imap", button="save")
    account = MailAccount.objects.get(owner__username=username)
    visitor.get(f"/settings/mail/{account.public_id}/authorize/")
    visitor.submit(visitor.page.form("way"), ("way", way))
    return account


def code_on(visitor: Visitor) -> str:
    found = re.search(r'<output[^>]*id="user-code">([^<]+)</output>', visitor.page.html)
    assert found, visitor.page.words
    return found.group(1)


def poll() -> AuthorizationRequest:
    """One turn of the worker, when it is time."""
    AuthorizationRequest.objects.update(next_poll_at=timezone.now())
    attempt = AuthorizationRequest.objects.latest("pk")
    oauth_tasks.poll_device(attempt.pk)
    attempt.refresh_from_db()
    return attempt


@pytest.mark.parametrize("username", ["alice", "olga"])
def test_a_code_for_another_device_connects_though_the_tab_was_closed(
    office: Town, username: str
) -> None:
    visitor = office.visitor(username)
    account = choose(visitor, username, "device")
    page, code = visitor.page.address, code_on(visitor)
    assert poll().outcome == "pending"
    assert visitor.get(f"{page}state/").status == 204
    assert visitor.get(page).words.count(code) == 1

    office.realm(username).approve_device(code, ADDRESS[username])
    assert poll().outcome == "succeeded"
    account.refresh_from_db()
    assert account.receive_grant == Grant.objects.get()
    assert visitor.get(page).address.endswith(f"/settings/mail/{account.public_id}/")
    assert "is authorized" in visitor.page.words and "Active" in visitor.page.words


@pytest.mark.parametrize(("end", "words"), [("decline", "stopped"), ("expire", "")])
def test_a_code_that_ends_says_so_and_a_new_one_is_one_press_away(
    office: Town, end: str, words: str
) -> None:
    visitor = office.visitor("alice")
    choose(visitor, "alice", "device")
    page, code = visitor.page.address, code_on(visitor)
    getattr(office.realm("alice"), f"{end}_device")(code)
    assert poll().outcome == "failed"
    ended = visitor.get(page)
    assert 'role="alert"' in ended.html and words in ended.words
    visitor.submit(visitor.page.form("again"))
    assert code_on(visitor) != code
    assert not Grant.objects.exists()


def test_somebody_else_on_the_other_device_stores_nothing(office: Town) -> None:
    visitor = office.visitor("alice")
    choose(visitor, "alice", "device")
    page, code = visitor.page.address, code_on(visitor)
    office.realm("alice").approve_device(code, ADDRESS["maria"])
    assert poll().error_code == "identity_mismatch"
    words = visitor.get(page).words
    assert ADDRESS["alice"] in words and ADDRESS["maria"] in words
    assert not Grant.objects.exists()


@pytest.mark.parametrize("is_bare", [False, True])
def test_a_pasted_code_connects_after_a_wrong_one(office: Town, is_bare: bool) -> None:
    visitor = office.visitor("haruka")
    account = choose(visitor, "haruka", "pasted")
    page = visitor.page.address
    link = re.search(r'class="button" href="([^"]+)" target="_blank"', visitor.page.html)
    assert link
    failed_address = office.realm("haruka").approve(
        link.group(1).replace("&amp;", "&"), ADDRESS["haruka"]
    )
    refused = visitor.submit(visitor.page.form("answer"), answer=failed_address.split("?")[0])
    assert refused.status == 422 and "field-error" in refused.html
    visitor.get(page)
    code = re.search(r"[?&]code=([^&]+)", failed_address)
    assert code
    visitor.submit(visitor.page.form("answer"), answer=code.group(1) if is_bare else failed_address)
    assert visitor.page.address.endswith(f"/settings/mail/{account.public_id}/")
    assert "is authorized" in visitor.page.words
    account.refresh_from_db()
    assert account.receive_grant == Grant.objects.get()


def test_access_without_a_person_is_checked_and_nobody_signs_in(office: Town) -> None:
    call_command("provision", str(office.sandbox.application_file), verbosity=0)
    account = office.account("alice")
    old = account.receive_grant
    account.incoming_server = MailServer.objects.get(key="contoso-application-imap")
    account.outgoing_server = MailServer.objects.get(key="contoso-application-smtp")
    account.save()
    visitor = office.visitor("alice")
    page = visitor.get(f"/settings/mail/{account.public_id}/authorize/")
    assert "There is nothing to do" in page.words
    visitor.submit(visitor.page.form("way"), ("way", "application"))
    assert "is authorized" in visitor.page.words
    account.refresh_from_db()
    grant = account.receive_grant
    assert grant and grant != old
    assert (grant.access, grant.created_by) == ("application", None)
    assert grant.server == AuthorizationServer.objects.get(key="microsoft-application")
