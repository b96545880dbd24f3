"""How mail gets here, and how what people do with it gets back to the server.

**Who does what.** ``schedule`` says which accounts are due and what state receiving is in. ``account`` is the
order of events of one run. ``mailboxes`` settles the folders. A strategy (``condstore``, ``uid_diff``, ``pop3``)
is pure: it turns a session and a cursor into a stream of ``changes`` and knows neither Django nor the rows;
``listing`` is what both IMAP strategies share. ``store`` makes a change true here, ``known`` answers what is here
already, ``operations`` tells the server what was changed here.

**Why nothing is lost and nothing doubled.** Rows and cursor are committed together, so a worker may die anywhere.
A message is recognised by (folder, UIDVALIDITY, UID), or by (account, unique-id) for POP3. What is new is found by
comparing the server's list with the rows; a cursor only saves asking for the whole list. One worker at a time
holds the account's lease, and every write goes under its fencing number. The parser works in a process of its own,
so a message that breaks it is put aside and the folder goes on.

**What is never overwritten.** A change made here is a row of ``RemoteOperation`` in the same transaction. While it
waits, the flags of its message are left alone, and a message moved away is not fetched again from where it was.

**The states of receiving** (``MailAccount.receive_health``)::

    untried ──► working ◄──────────────┐ a run goes through
                 │  ▲                  │
                 ▼  │                  │
              retrying ──(somebody     │   temporary trouble: tried again with full-jitter back-off
                 │       has to act)   │
                 ▼                     │
       owner_required ─────────────────┤   authorize again, correct the password: polling stops until then
       administrator_required ─────────┘   certificate, registration, policy: a look every quarter of an hour

**One folder's cursor** (``Mailbox``): nothing yet (``lowest_fetched_uid`` 0) → filling, newest first (> 1) →
complete (1). ``uid_next`` moves only at the end of a round. When UIDVALIDITY changes the folder begins anew beside
its old rows; each message found again keeps its row under the new number, and what a whole round has not found
again is removed at its end.
"""

from webmail.sync.account import Outcome, push, sync_account
from webmail.sync.operations import forget_done as forget_done_operations
from webmail.sync.schedule import claim_due, give_back, may_be_received, resume, stop, stumbled

__all__ = [
    "Outcome",
    "claim_due",
    "forget_done_operations",
    "give_back",
    "may_be_received",
    "push",
    "resume",
    "stop",
    "stumbled",
    "sync_account",
]
