"""What the tests of webmail's screens share: a person who is signed in, with an account and folders."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import webmail as make
from webmail.models import MailAccount


@pytest.fixture
def account(db) -> MailAccount:
    """The account of the person who is signed in."""
    return make.account_with_folders()


@pytest.fixture
def client(account: MailAccount) -> Client:
    """A browser in which the owner of ``account`` is signed in."""
    browser = Client()
    browser.force_login(account.owner)
    return browser


@pytest.fixture
def stranger(db) -> Client:
    """A browser in which somebody else is signed in, who has a mail account as well."""
    browser = Client()
    browser.force_login(make.account_with_folders().owner)
    return browser


def words(response) -> str:
    """The page as text."""
    return response.content.decode()
