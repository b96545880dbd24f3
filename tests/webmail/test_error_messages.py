"""Every error has words."""

from __future__ import annotations

import inspect
import re

import pytest
from django.utils import translation

from webmail.error_messages import CODES, RECEIVE, SEND, advise
from webmail.models import MailAccount
from webmail.protocols import errors


def documented_codes() -> list[str]:
    """The codes that the docstrings of the errors name."""
    found = set()
    for _name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.MailServerError):
            found.add(kind.default_code)
            found.update(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", kind.__doc__ or ""))
    return sorted(found - {"retry_after", "reply_code", "enhanced_code", "server_text"})


@pytest.mark.parametrize("code", documented_codes())
def test_every_code_of_the_protocols_is_explained(code: str) -> None:
    assert code in CODES
    for direction in (RECEIVE, SEND):
        told = advise(code, direction)
        assert told.headline.endswith(".") and told.still_works and told.who


def test_codes_of_authorization_servers_and_unknown_ones_are_explained() -> None:
    assert advise("invalid_grant", RECEIVE).button
    assert advise("never_heard_of", SEND).headline
    with translation.override("ja"):
        assert advise("timeout", RECEIVE).headline


@pytest.mark.parametrize("code", [*CODES, "invalid_grant", "never_heard_of", ""])
def test_a_state_that_waits_for_a_person_never_says_that_nobody_has_to_act(code: str) -> None:
    for_owner = advise(code, RECEIVE, MailAccount.Health.OWNER_REQUIRED)
    for_administrator = advise(code, RECEIVE, MailAccount.Health.ADMINISTRATOR_REQUIRED)
    assert "Nobody" not in for_owner.who + for_administrator.who
    assert for_administrator.who != "You can mend this."


def test_an_unknown_error_is_mended_by_whom_the_state_waits_for() -> None:
    told = {health: advise("never_heard_of", RECEIVE, health) for health in MailAccount.Health}
    assert told[MailAccount.Health.OWNER_REQUIRED].who == "You can mend this."
    assert told[MailAccount.Health.OWNER_REQUIRED].button
    assert told[MailAccount.Health.ADMINISTRATOR_REQUIRED].who == "Your administrator has to act."
    assert "tried again" in told[MailAccount.Health.RETRYING].who


def test_a_mailbox_that_was_never_authorized_promises_no_sending_and_no_earlier_attempt() -> None:
    told = advise("not_authorized", RECEIVE, MailAccount.Health.OWNER_REQUIRED)
    assert "sending" not in told.still_works
    assert told.button == "Authenticate"
