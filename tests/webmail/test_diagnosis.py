"""The check of a mailbox tells the step that fails and what to do."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.servers import free_port
from tests.webmail.conftest import MailWorld
from webmail import diagnosis
from webmail.models.server import Security


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_every_step_of_a_sound_account_is_fine(world: MailWorld, protocol: str) -> None:
    world.deliver("One")
    steps = list(diagnosis.check(world.account(protocol)))
    assert [step.label for step in steps if not step.is_fine] == []
    assert {step.direction for step in steps} == {"receive", "send"}
    used = next(step for step in steps if step.label in {"Inbox", "Mailbox"})
    assert used.detail == "1 message"
    assert steps[-1].label == "Sender"


def test_starttls_is_a_step_of_its_own(world: MailWorld) -> None:
    server = world.server("imap", world.sandbox.imap.port)
    server.security = Security.STARTTLS
    server.save()
    steps = list(diagnosis.check(world.account(incoming_server=server)))
    assert "STARTTLS" in [step.label for step in steps if step.is_fine]


@pytest.mark.parametrize(
    ("changes", "label", "code"),
    [
        ({"host": "no-such-name.invalid"}, "Name of the server", "name_not_found"),
        ({"port": "closed"}, "Connection with TLS", "connection_refused"),
        ({"ca_certificates": ""}, "Connection with TLS", "tls_unknown_authority"),
    ],
)
def test_a_fault_of_the_server_is_named(
    world: MailWorld, changes: dict[str, object], label: str, code: str
) -> None:
    server = world.server("imap")
    for name, value in changes.items():
        setattr(server, name, free_port() if value == "closed" else value)
    server.save()
    steps = [
        s
        for s in diagnosis.check(world.account(incoming_server=server))
        if s.direction == "receive"
    ]
    assert (steps[-1].label, steps[-1].code, steps[-1].is_fine) == (label, code, False)
    assert steps[-1].advice and steps[-1].advice.headline and steps[-1].advice.who


def test_a_wrong_password_is_named_without_being_repeated(world: MailWorld) -> None:
    world.account(receive_password="hunter2-canary")
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("check_account", world.address, stdout=output)
    text = output.getvalue()
    assert "refuses the user name or the password" in text and "authentication_failed" in text
    assert "hunter2-canary" not in text


def test_the_commands_say_that_all_is_well(world: MailWorld) -> None:
    world.deliver("One")
    world.account()
    output = StringIO()
    call_command("check_account", world.address, stdout=output)
    call_command("sync_account", world.address, stdout=output)
    assert f"{world.address}: done" in output.getvalue() and "failed" not in output.getvalue()
    with pytest.raises(CommandError, match="no mail account"):
        call_command("check_account", "nobody@other.example", stdout=output)
