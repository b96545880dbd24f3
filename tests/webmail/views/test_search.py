"""The search page and the box above every list."""

from __future__ import annotations

from django.test import Client

from tests.factories import webmail as make
from tests.webmail.views.conftest import words
from webmail.models import MailAccount
from webmail.search import indexing


def test_hits_are_listed_with_their_folder_and_the_words_marked(
    account: MailAccount, client: Client
) -> None:
    make.received(make.inbox(account), make.raw_message("<b>Minutes</b> of the meeting"))
    indexing.index_batch()
    page = words(client.get("/mail/search/", {"q": "minutes"}))
    assert "&lt;b&gt;<mark>Minutes</mark>&lt;/b&gt; of the meeting" in page
    assert "Inbox" in page


def test_nothing_found_is_said_with_the_words(account: MailAccount, client: Client) -> None:
    page = words(client.get("/mail/search/", {"q": "<script>"}))
    assert "Nothing was found for “&lt;script&gt;”." in page


def test_an_operator_without_a_meaning_is_named(account: MailAccount, client: Client) -> None:
    assert "“before:soon” says nothing" in words(client.get("/mail/search/", {"q": "before:soon"}))


def test_what_is_not_indexed_yet_is_said(account: MailAccount, client: Client) -> None:
    for number in range(50):
        make.received(make.inbox(account), make.raw_message(f"Mail {number}"))
    page = words(client.get("/mail/search/", {"q": "mail"}))
    assert "50 messages are not searched yet" in page


def test_the_next_page_is_asked_for_from_the_last_row(account: MailAccount, client: Client) -> None:
    for number in range(55):
        make.received(make.inbox(account), make.raw_message(f"Mail {number}"))
    indexing.index_batch()
    first = client.get("/mail/search/", {"q": "mail"})
    after = first.context["page"].older
    rows = client.get(
        "/mail/search/",
        {"q": "mail", "after": after},
        headers={"HX-Request": "true", "HX-Target": "list-more"},
    )
    assert words(rows).count('class="message-row') == 5
    assert client.get("/mail/search/", {"q": "mail", "after": "nonsense"}).status_code == 404


def test_the_box_stands_above_every_list(account: MailAccount, client: Client) -> None:
    page = words(client.get(f"/mail/folders/{make.inbox(account).public_id}/"))
    assert 'data-shortcut="search"' in page
