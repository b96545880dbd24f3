"""How a message leaves.

::

    draft ──queue()──► queued ──claim──► sending ──accepted──► sent
      ▲                 │ ▲                │  │
      └────cancel()─────┘ └──temporary─────┘  ├──permanent──► failed ──retry()──► queued
                                              └──no answer──► unclear ──┬─ found in a folder ──► sent
                                                                        ├─ confirm_arrived() ──► sent
                                                                        └─ send_again() ───────► queued

**Frozen.** ``queue()`` builds the bytes once and keeps them with the envelope. What was approved is what is sent, a
retry is identical, and the Message-ID is the name under which we find the message again.

**Never twice by itself.** How far an attempt came is written on the row *before* the step is taken: ``handed_over``
is committed before the final dot goes out. A worker that died before DATA is retried. One that died later, or a
connection that was lost after the dot, leaves the message *unclear*: it may have been delivered, so only its
Message-ID in one of the account's folders, or a person, moves it on.

**Never lost.** Waiting states are rows with a time; ``deliver_due()`` finds what a lost task forgot. Temporary
trouble, a connection that has to be authorized again included, is retried for five days.

This package alone changes ``OutgoingMessage.state``: ``freezing`` (draft ⇄ queued), ``delivery`` (queued → the answer),
``settlement`` (what follows from the answer, and what people decide).
"""

from webmail.outbox.delivery import deliver, due, recover
from webmail.outbox.freezing import ComposeError, cancel, discard, queue
from webmail.outbox.settlement import confirm_arrived, reconcile, resume, retry, send_again

__all__ = [
    "ComposeError",
    "cancel",
    "confirm_arrived",
    "deliver",
    "discard",
    "due",
    "queue",
    "reconcile",
    "recover",
    "resume",
    "retry",
    "send_again",
]
