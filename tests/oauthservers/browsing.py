"""A person's way to an authorization server and back, without a browser."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.urls import reverse

NEXT = "/settings/connections/?from=form"


def leave(browser, server, address, protocols="imap,smtp"):
    """Press Authenticate; the address at the authorization server."""
    answer = browser.post(
        reverse("oauthservers:authorize"),
        {"server": str(server.public_id), "address": address, "protocols": protocols, "next": NEXT},
    )
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def come_back(browser, address):
    """Follow the redirect of the authorization server; where the browser ends up."""
    parts = urlsplit(address)
    answer = browser.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 302
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert "code=" not in answer["Location"]
    return answer["Location"]


def altered(address, **changes):
    """The same redirect with other parameters; None takes one out."""
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), **changes}
    return urlunsplit(
        parts._replace(query=urlencode({k: v for k, v in query.items() if v is not None}))
    )


def connect(browser, realm, server, mailbox, as_whom=None):
    return come_back(browser, realm.approve(leave(browser, server, mailbox), as_whom or mailbox))


def page_of(client, place):
    """The words of the page where the browser ended up."""
    answer = client.get(place)
    assert answer.status_code == 200
    return answer.content.decode()
