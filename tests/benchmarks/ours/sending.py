"""Sending: from the button to the server's answer."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.benchmarks.ours.accounts import make_account
from tests.factories.webmail import OutgoingMessageFactory
from webmail import outbox, rawstore

SENDS = 30
RECIPIENT = "kenji@lab.example"
TEXT = "The minutes of yesterday follow.\n" * 200


def send(facts: dict[str, Any]) -> dict[str, Any]:
    """Seconds per message for freezing, keeping and delivering it; and the bytes, so that a peer sends the same."""
    account = make_account(facts)
    drafts = [
        OutgoingMessageFactory(account=account, to=RECIPIENT, subject=f"Minutes {n}", text=TEXT)
        for n in range(SENDS)
    ]
    seconds = []
    cpu = time.process_time()
    for draft in drafts:
        began = time.perf_counter()
        outbox.queue(draft, now=timezone.now() - timedelta(minutes=5))
        state = outbox.deliver(draft.pk)
        seconds.append(time.perf_counter() - began)
        if state != "sent":
            draft.refresh_from_db()
            raise RuntimeError(f"Sending ended with {state or 'nothing'}: {draft.error_text}")
    cpu = time.process_time() - cpu
    raw = rawstore.read(drafts[-1].digest).decode("ascii")
    return {"seconds": seconds, "cpu": cpu / SENDS, "raw": raw, "recipient": RECIPIENT}
