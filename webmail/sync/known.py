"""What is here already, as the strategies ask for it."""

from __future__ import annotations

from collections.abc import Sequence

from webmail.models import Mailbox, Message, RemoteOperation

State = RemoteOperation.State
Kind = RemoteOperation.Kind


class KnownMessages:
    """The messages of one mailbox, with those that were moved away here while the server does not know it yet."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def uids(self, uid_validity: int) -> set[int]:
        """All known UIDs of one generation."""
        here = Message.objects.filter(
            mailbox=self._mailbox, uid_validity=uid_validity, uid__isnull=False
        )
        numbers = here.values_list("uid", flat=True).iterator()
        return {uid for uid in numbers if uid} | moving_away(self._mailbox, uid_validity)

    def among(self, uid_validity: int, uids: Sequence[int]) -> set[int]:
        """Those of ``uids`` that are known."""
        found: set[int] = set()
        for start in range(0, len(uids), 500):
            piece = uids[start : start + 500]
            here = Message.objects.filter(
                mailbox=self._mailbox, uid_validity=uid_validity, uid__in=piece
            )
            found.update(uid for uid in here.values_list("uid", flat=True) if uid)
        return found | (moving_away(self._mailbox, uid_validity) & set(uids))

    def count(self, uid_validity: int) -> int:
        """How many UIDs are known."""
        here = Message.objects.filter(
            mailbox=self._mailbox, uid_validity=uid_validity, uid__isnull=False
        )
        return here.count() + len(moving_away(self._mailbox, uid_validity))


def moving_away(mailbox: Mailbox, uid_validity: int) -> set[int]:
    """UIDs that still lie in ``mailbox`` on the server but were moved elsewhere here."""
    waiting = RemoteOperation.objects.filter(mailbox=mailbox, kind=Kind.MOVE, state=State.WAITING)
    found = (arguments for arguments in waiting.values_list("arguments", flat=True))
    return {
        item["uid"]
        for item in found
        if item.get("uid") and item.get("uid_validity") == uid_validity
    }
