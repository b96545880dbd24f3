"""Places in a conversation where a fault waits."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

# A pattern may begin in one chunk and end in the next; this much is looked at again.
_OVERLAP = 4096


@dataclass
class Place:
    """Where a connection ends or stands still. Exactly one of `after` and `pattern` is set.

    None of `times` is always.
    """

    direction: str
    after: int | None = None
    pattern: re.Pattern[bytes] | None = None
    is_passed_on: bool = True
    is_reset: bool = False
    times: int | None = None

    def offset(self, carried: bytearray, chunk: bytes) -> int | None:
        """How many octets of the chunk still pass before it; None when it is not there."""
        if self.after is not None:
            left = self.after - len(carried)
            return max(left, 0) if len(chunk) >= left else None
        assert self.pattern is not None
        start = max(0, len(carried) - _OVERLAP)
        for match in self.pattern.finditer(bytes(carried[start:]) + chunk):
            end = start + (match.end() if self.is_passed_on else match.start())
            # What ended in an earlier chunk has passed already.
            if start + match.end() > len(carried):
                return max(0, end - len(carried))
        return None


class Hold:
    """A place in a conversation where it stands still until `let_go` or `drop`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._reached = threading.Event()
        self._goes_on = threading.Event()
        self._is_dropped = False

    def wait(self, seconds: float = 60) -> None:
        """Returns when the conversation has come to the place. AssertionError when it never does."""
        assert self._reached.wait(seconds), "The conversation never came to the place."

    def let_go(self) -> None:
        """What was held back passes now."""
        self._goes_on.set()

    def drop(self) -> None:
        """What was held back is lost, and the connection with it."""
        self._is_dropped = True
        self._goes_on.set()

    def stand(self) -> bool:
        """Stands still; whether the conversation goes on afterwards."""
        self._reached.set()
        self._goes_on.wait()
        return not self._is_dropped
