"""Addresses and posts that somebody made up: answered, never an error of ours."""

from __future__ import annotations

import pytest
from django.urls import reverse

from groupware.organisation.models import Unit


def test_searching_people_for_a_nul_finds_everybody(as_aoki, aoki):
    page = as_aoki.get(reverse("users:people"), {"q": "\0"})
    assert aoki.username in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"before": "²"},
        {"after": "²"},
        {"before": "9" * 30},
        {"first_day": "0001-01-01"},
        {"last_day": "9999-12-31"},
    ],
)
def test_the_log_opens_whatever_its_address_says(as_aoki, query):
    assert as_aoki.get(reverse("audit:events"), query).status_code == 200


@pytest.mark.parametrize("person", ["x", "", "\0"])
def test_a_member_who_is_none_is_not_found(as_aoki, person):
    unit = Unit.objects.create(name="Sales", key="sales")
    address = reverse("organisation:remove_member", args=[unit.public_id])
    assert as_aoki.post(address, {"person": person}).status_code == 404


@pytest.mark.parametrize("person", ["x", ""])
def test_an_administrator_who_is_none_is_not_found(as_aoki, person):
    address = reverse("functions:dismiss", args=["webmail"])
    assert as_aoki.post(address, {"person": person}).status_code == 404
