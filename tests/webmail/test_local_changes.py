"""Changes made here at the same time by several people or processes."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import pytest
from django.db import close_old_connections, connection

from tests.factories import webmail as make
from webmail import actions
from webmail.models import Mailbox, Message


@pytest.mark.django_db(transaction=True)
def test_moves_in_opposite_directions_do_not_wait_for_each_other_in_a_circle() -> None:
    account = make.account_with_folders()
    inbox, archive = make.inbox(account), account.mailboxes.get(role=Mailbox.Role.ARCHIVE)
    moves = [(make.received(inbox).pk, archive), (make.received(archive).pk, inbox)]
    both_hold_a_folder = threading.Barrier(2)
    failures: list[Exception] = []

    def wait_after_the_first_folder(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith('UPDATE "webmail_mailbox"') and not both_hold_a_folder.broken:
            # Broken: the other one waits for the folder that we hold, as it should.
            with suppress(threading.BrokenBarrierError):
                both_hold_a_folder.wait(1)
        return result

    def move(pk: int, target: Mailbox) -> None:
        try:
            with connection.execute_wrapper(wait_after_the_first_folder):
                actions.move(account.owner, Message.objects.filter(pk=pk), target)
        except Exception as error:
            failures.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=move, args=arguments) for arguments in moves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert Message.objects.get(mailbox=archive).pk == moves[0][0]
    assert Message.objects.get(mailbox=inbox).pk == moves[1][0]
