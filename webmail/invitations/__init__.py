"""Ask the people whose mailboxes wait for an authorization to give it, and know how far that has come.

An invitation is a row for one mailbox and one person. It shows on the screen after sign-in, and goes out as e-mail
where the person has an address that is not the mailbox itself. The link in the mail carries a random token of which
only the hash is kept; it is made at the moment of sending, opens for its recipient alone, ends after two weeks, and
ends with the authorization it asks for.

Sending follows the row: whoever pushes ``next_send_at`` ahead first sends. A worker that died leaves a row that is due
again; a mail sent twice carries a new link, and the newest one opens.
"""

from webmail.invitations.asking import (
    VALID_FOR,
    Outcome,
    invite,
    live,
    needing,
    not_just_invited,
    settle,
    waiting_for,
    withdraw,
)
from webmail.invitations.opening import Progress, clean_up, labels, opened, progress
from webmail.invitations.sending import due, send

__all__ = [
    "VALID_FOR",
    "Outcome",
    "Progress",
    "clean_up",
    "due",
    "invite",
    "labels",
    "live",
    "needing",
    "not_just_invited",
    "opened",
    "progress",
    "send",
    "settle",
    "waiting_for",
    "withdraw",
]
