"""An installation from before keeps its connections when it is brought up to date."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE = [("oauthservers", "0003_authorization")]
AFTER = [("oauthservers", "0005_one_connection_of_nobody")]


def migrated(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.mark.django_db(transaction=True)
def test_of_several_connections_without_a_person_the_newest_stays() -> None:
    old = migrated(BEFORE)
    try:
        server = old.get_model("oauthservers", "AuthorizationServer").objects.create(
            key="old", name="Old", provider="generic", client_id="client"
        )
        grants = old.get_model("oauthservers", "Grant").objects
        for subject, address in (
            ("1", "a@example.test"),
            ("2", "A@example.test"),
            ("3", "b@x.test"),
        ):
            grants.create(
                server=server, mailbox_address=address, subject=subject, signed_in_as=address
            )
        person = get_user_model().objects.create(username="aoki")
        old.get_model("oauthservers", "AuthorizationRequest").objects.create(
            server=server,
            user_id=person.pk,
            state_hash="x",
            session_hash="y",
            expires_at=timezone.now(),
        )
    finally:
        new = migrated(AFTER)
    kept = new.get_model("oauthservers", "Grant").objects.order_by("subject")
    assert [grant.subject for grant in kept] == ["2", "3"]
    attempt = new.get_model("oauthservers", "AuthorizationRequest").objects.get()
    assert attempt.owner_id == attempt.user_id
