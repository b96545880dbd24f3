"""Guides: one for every preset, with the values of this installation."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from groupware.users.models import User
from oauthservers import guides
from oauthservers.guides import facts
from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import PRESETS_BY_KEY


@pytest.fixture
def browser(db):
    client = Client()
    client.force_login(User.objects.create_user("admin", is_system_administrator=True))
    return client


@pytest.fixture
def microsoft(db):
    return AuthorizationServer.objects.create(
        key="m365",
        name="Microsoft 365",
        provider="microsoft",
        client_id="11111111-aaaa",
        endpoint="https://login.microsoftonline.com/example.jp/oauth2/v2.0",
    )


def read(browser, key: str, server: AuthorizationServer | None = None) -> str:
    address = reverse("oauthservers:guide", args=[key])
    query = f"?server={server.public_id}" if server else ""
    return html.unescape(browser.get(address + query).content.decode())


@pytest.mark.parametrize("key", guides.GUIDES)
def test_every_guide_opens_and_every_value_has_an_id_of_its_own(browser, key):
    text = read(browser, key)
    assert str(guides.GUIDES[key].title) in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_every_preset_has_a_guide():
    assert {preset.guide for preset in PRESETS_BY_KEY.values()} <= set(guides.GUIDES)


@pytest.mark.parametrize("key", guides.GUIDES)
def test_every_value_that_a_guide_offers_is_known(key, microsoft):
    for step in guides.GUIDES[key].steps:
        for server in (None, microsoft):
            assert all(fact.value or fact.help for fact in facts.facts(step.copies, key, server))
        assert len(facts.facts(step.copies, key, None)) == len(step.copies)


def test_guide_is_filled_with_the_values_of_the_registered_server(browser, microsoft):
    text = read(browser, "microsoft", microsoft)
    assert f'value="{microsoft.redirect_uri}"' in text
    assert microsoft.endpoint in text
    for name in ("IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send", "offline_access"):
        assert f"<li>{name}</li>" in text
    assert "https://login.microsoftonline.com/example.jp/v2.0/adminconsent?client_id=11111111-aaaa" in text  # fmt: skip


def test_before_a_server_is_saved_the_guide_says_when_the_redirect_uri_is_known(browser):
    assert "once the server is saved" in read(browser, "microsoft")
    assert 'value="https://mail.google.com/' in read(browser, "google")
    assert 'value="https://mail.google.com/"' in read(browser, "google-service-account")


FITTING = {
    "preset": ({"preset_key": "microsoft-dod"}, "microsoft-national"),
    "kind": ({}, "microsoft"),
    "application": ({"access": "application"}, "microsoft-application"),
    "google": ({"provider": "google", "access": "application"}, "google-service-account"),
    "yahoo": ({"provider": "generic", "preset_key": "yahoo"}, "yahoo"),
    "own": ({"provider": "generic", "access": "application"}, "generic"),
}


@pytest.mark.parametrize(("columns", "key"), FITTING.values(), ids=FITTING)
def test_server_knows_its_guide(microsoft, columns, key):
    for name, value in columns.items():
        setattr(microsoft, name, value)
    assert guides.key_for(microsoft) == key


def test_unknown_guide_and_unknown_server_are_not_found_or_left_out(browser):
    assert browser.get(reverse("oauthservers:guide", args=["nothing"])).status_code == 404
    address = reverse("oauthservers:guide", args=["google"])
    assert browser.get(f"{address}?server=nonsense").status_code == 404
    unknown = "00000000-0000-4000-8000-000000000000"
    assert browser.get(f"{address}?server={unknown}").status_code == 200
