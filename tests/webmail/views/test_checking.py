"""Check this mailbox: the page fills step by step, says what to do, and gives a report without secrets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware.audit.models import AuditEvent
from groupware.functions.models import FunctionAdministrator
from tests.factories import webmail as make
from tests.factories.webmail import PersonFactory
from tests.servers import free_port
from tests.webmail.conftest import MailWorld
from webmail import checks, tasks
from webmail.models import MailAccount, MailboxCheck, MailServer

SECRET = "hunter2-canary"


@pytest.fixture
def account(world: MailWorld) -> MailAccount:
    """An account on the real servers."""
    world.deliver("One")
    return world.account()


def page(client: Client, account: MailAccount, name: str = "check") -> str:
    return client.get(reverse(f"webmail:{name}", args=[account.public_id])).content.decode()


def press(client: Client, account: MailAccount, **data: str) -> None:
    client.post(reverse("webmail:check", args=[account.public_id]), data)


def work() -> None:
    for pk in MailboxCheck.objects.filter(state="waiting").values_list("pk", flat=True):
        tasks.check_mailbox(pk)


def test_before_the_first_run_the_page_says_what_it_does(client, account):
    assert "no mail is read" in page(client, account)


def test_a_waiting_run_names_the_steps_to_come_and_asks_again(client, account):
    press(client, account)
    shown = page(client, account)
    assert "Being tested" in shown and "Not tested yet" in shown and "every 1s" in shown
    assert shown.index("Receiving") < shown.index("Sending")


def test_a_sound_mailbox_is_told_so_and_asking_stops(client, account):
    press(client, account)
    work()
    shown = page(client, account, "check_progress")
    assert "Everything works." in shown and "every 1s" not in shown
    assert "1 message" in shown and "Sender" in shown


def test_steps_are_kept_while_the_run_goes_on(client, account, monkeypatch):
    press(client, account)
    seen: list[int] = []
    update = type(MailboxCheck.objects.all()).update

    def watched(rows, **values):
        changed = update(rows, **values)
        if "steps" in values:
            seen.append(page(client, account, "check_progress").count('class="check is-active"'))
        return changed

    monkeypatch.setattr(type(MailboxCheck.objects.all()), "update", watched)
    work()
    assert seen == sorted(seen) and seen[0] == 1 and len(seen) > 6


def test_a_failed_step_says_what_it_means_and_ends_its_direction_only(client, account):
    server = account.incoming_server
    server.port = free_port()
    server.save()
    press(client, account)
    work()
    shown = page(client, account)
    assert "1 step failed." in shown and "The mail server refuses the connection." in shown
    assert [step.direction for step in checks.steps_of(MailboxCheck.objects.get())][-1] == "send"


def test_the_report_holds_no_password(client, account):
    account.receive_password = SECRET
    account.save()
    press(client, account)
    work()
    shown = page(client, account)
    assert "[authentication_failed]" in shown and SECRET not in shown
    assert SECRET not in str(MailboxCheck.objects.get().steps)


def test_one_run_at_a_time_and_a_lost_one_may_be_started_again(client, account):
    press(client, account)
    press(client, account)
    assert MailboxCheck.objects.count() == 1
    MailboxCheck.objects.update(touched_at=timezone.now() - timedelta(minutes=5))
    assert "interrupted" in page(client, account)
    press(client, account)
    assert MailboxCheck.objects.count() == 2


def test_a_run_that_two_workers_find_is_done_once(client, account, caplog):
    press(client, account)
    pk = MailboxCheck.objects.get().pk
    tasks.check_mailbox(pk)
    before = MailboxCheck.objects.values().get()
    tasks.check_mailbox(pk)
    assert MailboxCheck.objects.values().get() == before


def test_a_test_message_goes_to_the_address_itself(client, account, world):
    press(client, account, message="1")
    work()
    assert "Test message" in page(client, account)
    assert world.on_server().keys() >= {"Test message of the groupware"}


def test_an_administrator_checks_but_sends_nothing_in_the_name_of_others(account, world):
    administrator = PersonFactory()
    FunctionAdministrator.objects.create(key="webmail", user=administrator)
    browser = Client()
    browser.force_login(administrator)
    press(browser, account, message="1")
    work()
    shown = page(browser, account)
    assert "Everything works." in shown and "test message" not in shown
    assert "Test message of the groupware" not in world.on_server()
    event = AuditEvent.objects.get(name="webmail.account.checked")
    assert (event.actor, event.target_id) == (administrator, str(account.public_id))


def test_who_has_to_sign_in_is_told_to_each_reader_with_the_way_there(client, account):
    server = make.AuthorizationServerFactory()
    MailServer.objects.update(authorization_server=server)
    MailAccount.objects.update(receive_authentication="oauth2", receive_password="")
    administrator = PersonFactory(is_system_administrator=True)
    browser = Client()
    browser.force_login(administrator)
    press(client, account)
    work()
    for_owner, for_administrator = page(client, account), page(browser, account)
    assert "You can mend this." in for_owner
    assert "You can mend this." not in for_administrator
    assert f"{account.address} has to sign in." in for_administrator
    for shown in (for_owner, for_administrator):
        assert reverse("webmail:authorize", args=[account.public_id]) in shown
        assert "Receiving goes on" not in shown
        assert "Mail can be sent as soon as the mailbox is authorized." in shown


def test_somebody_else_finds_nothing(stranger, account):
    for name in ("check", "check_progress"):
        address = reverse(f"webmail:{name}", args=[account.public_id])
        assert stranger.get(address).status_code == 404
    assert stranger.post(reverse("webmail:check", args=[account.public_id])).status_code == 404


def test_old_runs_are_forgotten(client, account):
    press(client, account)
    MailboxCheck.objects.update(started_at=timezone.now() - timedelta(days=31))
    checks.forget_old()
    assert not MailboxCheck.objects.exists()
