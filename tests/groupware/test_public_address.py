"""The browser's address against the configured one."""

from __future__ import annotations

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import RequestFactory

from groupware import checks, public_address
from groupware.functions import views
from groupware.users.models import User

HERE = "https://groupware.example.jp"


@pytest.fixture(autouse=True)
def configured(settings):
    settings.PUBLIC_URL = HERE
    settings.ALLOWED_HOSTS = ["*"]
    settings.HTTPS = True


SEEN = {
    "the configured one": ({"HTTP_HOST": "groupware.example.jp"}, True, False),
    "letter case and port": ({"HTTP_HOST": "Groupware.Example.JP:443"}, True, False),
    "another host": ({"HTTP_HOST": "10.1.2.3"}, True, True),
    "another scheme": ({"HTTP_HOST": "groupware.example.jp"}, False, True),
    "another port": ({"HTTP_HOST": "groupware.example.jp:8443"}, True, True),
    "a proxy that tells": (
        {
            "HTTP_HOST": "backend:8000",
            "HTTP_X_FORWARDED_HOST": "groupware.example.jp",
            "HTTP_X_FORWARDED_PROTO": "https",
        },
        False,
        False,
    ),
    "two proxies": (
        {
            "HTTP_HOST": "backend:8000",
            "HTTP_X_FORWARDED_HOST": "groupware.example.jp, inner",
            "HTTP_X_FORWARDED_PROTO": "https, http",
        },
        False,
        False,
    ),
    "a proxy that hides the scheme": (
        {"HTTP_HOST": "groupware.example.jp", "HTTP_X_FORWARDED_PROTO": "http"},
        True,
        True,
    ),
    "a script knows better than a proxy": (
        {"HTTP_HOST": "backend:8000", "HTTP_HX_CURRENT_URL": f"{HERE}/system/preconditions/"},
        False,
        False,
    ),
    "nonsense": ({"HTTP_HOST": "[nonsense:x"}, True, True),
}


@pytest.mark.parametrize(("headers", "is_secure", "differs"), SEEN.values(), ids=SEEN)
def test_address_is_compared_as_the_browser_has_it(headers, is_secure, differs):
    request = RequestFactory().get("/", secure=is_secure, **headers)
    assert public_address.differs(request) is differs


def test_request_never_decides_the_address_of_a_link():
    request = RequestFactory().get("/system/?a=1", HTTP_HOST="evil.example", secure=True)
    assert public_address.here(request) == f"{HERE}/system/?a=1"


@pytest.mark.parametrize("page", ["/", "/system/authorization-servers/"])
def test_system_administrator_reads_both_addresses_and_what_to_change(client, db, page):
    client.force_login(User.objects.create_user("root", is_system_administrator=True))
    text = client.get(page, secure=True, headers={"Host": "10.1.2.3"}).content.decode()
    assert "https://10.1.2.3" in text
    assert "PUBLIC_URL" in text
    assert f'href="{HERE}{page}"' in text
    right = client.get(page, secure=True, headers={"Host": "groupware.example.jp"})
    assert "PUBLIC_URL" not in right.content.decode()


def test_portal_troubles_nobody_else_with_it(client, bernard):
    client.force_login(bernard)
    text = client.get("/", secure=True, headers={"Host": "10.1.2.3"}).content.decode()
    assert "10.1.2.3" not in text


def test_address_that_is_not_ours_leads_to_the_right_one(client, db, settings):
    settings.ALLOWED_HOSTS = ["groupware.example.jp"]
    answer = client.get("/", secure=True, headers={"Host": "10.1.2.3"})
    assert answer.status_code == 400
    assert f'href="{HERE}"' in answer.content.decode()
    assert "10.1.2.3" not in answer.content.decode()


def test_other_unreadable_requests_lead_to_the_start_page(db):
    answer = views.unreadable(RequestFactory().get("/"), SuspiciousOperation("x"))
    assert (answer.status_code, HERE in answer.content.decode()) == (400, False)


ADDRESSES = {
    "https://groupware.example.jp": [],
    "http://localhost:8000": ["groupware.W010"],
    "https://10.1.2.3": ["groupware.W011"],
    "https://groupware.local": ["groupware.W011"],
    "https://groupware": ["groupware.W011"],
    "https://groupware.example.jp/office": ["groupware.E012"],
    "https://groupware.example.jp?a=1": ["groupware.E012"],
}


@pytest.mark.parametrize(("address", "ids"), ADDRESSES.items(), ids=ADDRESSES)
def test_deployment_check_reads_the_public_address(settings, address, ids):
    settings.PUBLIC_URL = address
    assert [message.id for message in checks.public_address(None)] == ids
