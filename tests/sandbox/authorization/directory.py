"""Which token opens which mailbox: owners, delegates, the application, and switches per mailbox."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.people import SHARED_MAILBOXES, mailbox_owners


class Verdict(enum.Enum):
    """What a mail server makes of a token and the mailbox it is shown for."""

    OPEN = "open"
    REFUSED = "refused"
    NOT_CONNECTED = "not connected"
    """The token is good, but this mailbox does not open with it."""
    SENDING_OFF = "sending off"


@dataclass
class Mailbox:
    """A mailbox of the realm. `delegates` are addresses of people who may open it and send as it.

    `answers` are replies by protocol that the front gives in place of its own at signing in.
    """

    address: str
    delegates: set[str] = field(default_factory=set)
    is_shared: bool = False
    is_licensed: bool = True
    switched_off: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)


class Directory:
    """The mailboxes of one authorization server's people."""

    def __init__(self, realm: str) -> None:
        self._realm = realm
        self.reset()

    def reset(self) -> None:
        """Delegates and switches as at the start."""
        owned = [Mailbox(p.address) for p in mailbox_owners() if p.signs_in_at == self._realm]
        shared = [
            Mailbox(place.address, set(place.delegates), is_shared=True)
            for place in SHARED_MAILBOXES
            if place.signs_in_at == self._realm
        ]
        self._mailboxes = {mailbox.address: mailbox for mailbox in [*owned, *shared]}

    def find(self, address: str) -> Mailbox | None:
        return self._mailboxes.get(address.strip().lower())

    def mailbox(self, address: str) -> Mailbox:
        """LookupError when this realm has no such mailbox."""
        found = self.find(address)
        if found is None:
            raise LookupError(f"{address} is no mailbox of {self._realm}.")
        return found

    def switch(self, address: str, **switches: bool) -> None:
        """`imap`, `pop3`, `smtp` and `licensed`, on or off. ValueError for another name."""
        mailbox = self.mailbox(address)
        for name, is_on in switches.items():
            if name == "licensed":
                mailbox.is_licensed = is_on
            elif name not in {"imap", "pop3", "smtp"}:
                raise ValueError(f"There is no switch {name}.")
            elif is_on:
                mailbox.switched_off.discard(name)
            else:
                mailbox.switched_off.add(name)

    def answer(self, address: str, **answers: str) -> None:
        """Replies for `imap`, `pop3` and `smtp` (without the tag); empty takes one back."""
        mailbox = self.mailbox(address)
        if not answers.keys() <= {"imap", "pop3", "smtp"}:
            raise ValueError(f"There is no protocol {sorted(answers)}.")
        kept = {**mailbox.answers, **answers}
        mailbox.answers = {name: words for name, words in kept.items() if words}

    def answer_to(self, address: str, protocol: str) -> str:
        mailbox = self.find(address)
        return mailbox.answers.get(protocol, "") if mailbox else ""

    def may_send_as(self, person: str, sender: str) -> bool:
        """Whether this person may write another mailbox's address as the sender."""
        mailbox = self.find(sender)
        return mailbox is not None and person.lower() in mailbox.delegates


def verdict(
    realms: dict[str, Any], row: dict[str, Any] | None, protocol: str, user: str
) -> Verdict:
    """`row` is the live access token (None for any other), `user` the mailbox it was shown for.

    A shared mailbox is sent from by signing in as the delegate, never as the mailbox
    (a rule of Exchange Online).
    """
    if row is None:
        return Verdict.REFUSED
    realm = realms[row["realm"]]
    mailbox = realm.directory.find(user)
    if mailbox is None or protocol not in realm.protocols(row["scope"]):
        return Verdict.REFUSED
    if not row["address"]:
        allowed = realm.settings.application_mailboxes if realm.application_scopes else ()
        if allowed is not None and mailbox.address not in allowed:
            return Verdict.NOT_CONNECTED
    elif row["address"] != mailbox.address:
        if protocol == "smtp":
            return Verdict.REFUSED
        if row["address"] not in mailbox.delegates:
            return Verdict.NOT_CONNECTED
    if protocol in mailbox.answers:
        return Verdict.REFUSED
    if not mailbox.is_licensed:
        return Verdict.NOT_CONNECTED
    if protocol in mailbox.switched_off:
        return Verdict.SENDING_OFF if protocol == "smtp" else Verdict.NOT_CONNECTED
    return Verdict.OPEN
