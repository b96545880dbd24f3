"""The message list: what is in it, in which order, and how it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.factories import webmail as make
from tests.webmail.views.conftest import words
from webmail.models import MailAccount, Message
from webmail.views import mailbox as view


def address(mailbox) -> str:
    return reverse("webmail:mailbox", args=[mailbox.public_id])


def test_home_opens_the_inbox_of_the_first_account(client, account):
    assert client.get("/mail/").headers["Location"] == address(make.inbox(account))


def test_home_without_an_account_offers_to_set_one_up(client, account):
    account.delete()
    page = client.get("/mail/")
    assert "No mail account yet" in words(page)
    assert reverse("webmail:account_list") in words(page)


def test_home_before_anything_was_received_says_so(client, account):
    account.mailboxes.all().delete()
    page = client.get("/mail/")
    assert "Mail has not been received yet" in words(page)


def test_the_newest_message_comes_first(client, account):
    inbox = make.inbox(account)
    make.received(inbox, make.raw_message(subject="Older"))
    make.received(inbox, make.raw_message(subject="Newer"))
    page = words(client.get(address(inbox)))
    assert page.index("Newer") < page.index("Older")


def test_a_message_waiting_for_its_removal_is_not_listed(client, account):
    make.received(make.inbox(account), make.raw_message(subject="Gone"), is_deleted=True)
    assert "Gone" not in words(client.get(address(make.inbox(account))))


def test_paging_shows_every_message_once_even_at_the_same_moment(client, account):
    inbox = make.inbox(account)
    count = view.PAGE + 7
    for number in range(count):
        make.received(
            inbox,
            make.raw_message(subject=f"Number {number:03}"),
            received_at=make.NOON + timedelta(minutes=number // 10),
        )
    first = view.page(account.owner, inbox)
    second = view.page(account.owner, inbox, first.older)
    assert [row.subject for row in first.rows + second.rows] == [
        f"Number {number:03}" for number in reversed(range(count))
    ]
    assert second.older == ""
    older = client.get(reverse("webmail:rows", args=[inbox.public_id]), {"before": first.older})
    assert "Number 000" in words(older)
    assert f"Number {count - 1:03}" not in words(older)


@pytest.mark.parametrize("cursor", ["x", "2026-11-12~1", "2026-11-12T00:00:00+00:00~x", "~"])
def test_a_made_up_cursor_is_not_found(client, account, cursor):
    rows = reverse("webmail:rows", args=[make.inbox(account).public_id])
    assert client.get(rows, {"before": cursor}).status_code == 404


def test_the_list_can_be_narrowed_to_unread_flagged_and_with_files(client, account):
    inbox = make.inbox(account)
    make.received(inbox, make.raw_message(subject="Read already"), is_seen=True)
    make.received(inbox, make.raw_message(subject="Not read"))
    make.received(inbox, make.raw_message(subject="Important"), is_seen=True, is_flagged=True)
    assert "Read already" not in words(client.get(address(inbox), {"show": "unread"}))
    assert "Not read" in words(client.get(address(inbox), {"show": "unread"}))
    flagged = words(client.get(address(inbox), {"show": "flagged"}))
    assert "Important" in flagged
    assert "Not read" not in flagged
    nothing = words(client.get(address(inbox), {"show": "attachments"}))
    assert "No message in this folder fits." in nothing


def test_an_empty_folder_says_so(client, account):
    assert "This folder is empty." in words(client.get(address(make.inbox(account))))


def test_sent_shows_to_whom_instead_of_from_whom(client, account):
    sent = account.mailboxes.get(role="sent")
    make.received(
        sent, make.raw_message(From_="Aoki <aoki@example.test>", To="森 <mori@example.test>")
    )
    assert "To 森" in words(client.get(address(sent)))


def test_folders_show_how_much_is_unread_in_every_account(client, account):
    other = make.account_with_folders(owner=account.owner, name="Club")
    make.received(make.inbox(other))
    make.received(make.inbox(other))
    page = words(client.get(address(make.inbox(account))))
    assert "Club" in page
    assert f'id="count-{make.inbox(other).public_id}" data-unread>2<' in page


def test_the_list_costs_the_same_number_of_queries_for_one_message_and_for_many(
    client, account, django_assert_max_num_queries
):
    inbox = make.inbox(account)
    for number in range(30):
        make.received(inbox, make.raw_message(subject=str(number)))
    with django_assert_max_num_queries(20):
        client.get(address(inbox))


def test_nobody_reads_the_folders_of_somebody_else(stranger, account):
    message = make.received(make.inbox(account))
    inbox = make.inbox(account)
    assert stranger.get(address(inbox)).status_code == 404
    assert stranger.get(reverse("webmail:rows", args=[inbox.public_id])).status_code == 404
    assert stranger.get(reverse("webmail:receiving", args=[account.public_id])).status_code == 404
    assert (
        stranger.post(reverse("webmail:receive_now", args=[account.public_id])).status_code == 404
    )
    assert Message.objects.filter(pk=message.pk).exists()


def test_a_direction_that_does_not_work_says_what_still_works_and_whose_turn_it_is(client, account):
    MailAccount.objects.filter(pk=account.pk).update(
        receive_health=MailAccount.Health.OWNER_REQUIRED,
        receive_error_code="authentication_failed",
        receive_error_text="NO [AUTHENTICATIONFAILED] <b>bye</b>",
        receive_error_since=make.NOON,
    )
    page = words(client.get(address(make.inbox(account))))
    assert "The mail server refuses the user name or the password." in page
    assert "NO [AUTHENTICATIONFAILED] &lt;b&gt;bye&lt;/b&gt;" in page
    assert reverse("webmail:account", args=[account.public_id]) in page


def test_receive_now_waits_for_an_answer_and_tells_it(client, account):
    started = words(client.post(reverse("webmail:receive_now", args=[account.public_id])))
    assert "Receiving…" in started
    state = reverse("webmail:receiving", args=[account.public_id])
    asked = started.partition("asked=")[2].partition('"')[0]
    assert "Receiving…" in words(client.get(f"{state}?after=0&asked={asked}"))
    make.received(make.inbox(account))
    account.refresh_from_db()
    MailAccount.objects.filter(pk=account.pk).update(
        received_at=make.NOON.replace(year=2126), receive_health=MailAccount.Health.WORKING
    )
    answer = client.get(f"{state}?after=0&asked={asked}")
    assert "1 new message" in words(answer)
    assert answer.headers["HX-Trigger-After-Settle"] == "webmail:received"
    assert words(answer).count('id="count-') == 1
    assert f'id="count-{make.inbox(account).public_id}" data-unread' in words(answer)


def test_hostile_names_are_text_in_the_list(client, account):
    marker = '"><img src=x onerror=alert(1)>'
    account.name = marker
    account.save()
    make.MailboxFactory(account=account, name=f"a/{marker}", role="")
    make.received(
        make.inbox(account),
        subject=marker,
        from_name=marker,
        from_address=marker,
        preview=marker,
        keywords=[marker],
    )
    page = words(client.get(address(make.inbox(account))))
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 5


def test_without_an_account_the_one_thing_to_press_sets_one_up(client, account):
    account.delete()
    page = words(client.get("/mail/"))
    assert page.count("button-primary") == 1
    assert f'button-primary" href="{reverse("webmail:account_list")}"' in page
    assert 'data-show-pane="folders"' in page
    for begun in ("/mail/", "/mail/drafts/", "/mail/outbox/"):
        assert 'form="compose"' not in words(client.get(begun))
        assert 'id="compose"' not in words(client.get(begun))
