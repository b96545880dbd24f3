"""``manage.py verify_accounts`` signs in everywhere and says in a table which accounts work."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.journeys.town import ADDRESS, Town


def verified(*arguments: str) -> tuple[str, bool]:
    """What it printed, and whether everything works."""
    output = StringIO()
    try:
        call_command("verify_accounts", *arguments, stdout=output)
    except CommandError:
        return output.getvalue(), False
    return output.getvalue(), True


def test_accounts_of_every_kind_are_checked_side_by_side(town: Town) -> None:
    for username in ("alice", "olga", "pierre"):
        town.account(username)
    text, works = verified("--parallel", "3")
    assert works and text.count("ok    ") == 3 and "3 work, 0 do not." in text


def test_one_that_fails_is_named_with_its_direction_and_the_status_says_so(town: Town) -> None:
    town.account("pierre", receive_password="wrong-canary")
    town.account("olga")
    text, works = verified()
    assert not works and "1 work, 1 do not." in text and "wrong-canary" not in text
    (line,) = [line for line in text.splitlines() if line.startswith("failed")]
    assert ADDRESS["pierre"] in line and "Receiving: authentication_failed" in line


def test_filters_choose_what_is_checked(town: Town) -> None:
    town.account("pierre")
    town.account("olga")
    assert "1 work" in verified("--address", ADDRESS["olga"].upper())[0]
    assert "1 work" in verified("--server", "generic")[0]
    with pytest.raises(CommandError, match="no such account"):
        call_command("verify_accounts", "--failing")
