"""`Pop3Session`: the messages of one POP3 mailbox (RFC 1939)."""

from webmail.protocols.errors import (
    CapabilityError,
    CommandRefusedError,
    InvalidArgumentError,
)
from webmail.protocols.pop3_connection import Pop3Connection


class Pop3Session(Pop3Connection):
    """`with Pop3Session.open(endpoint, credentials) as session:`

    Deletions happen at `quit()` only; leaving the block otherwise undoes them. Every method
    may raise any `MailServerError`.
    """

    def stat(self) -> tuple[int, int]:
        """(number of messages, octets of all of them)."""
        words = self._guarded(lambda: self._pop.command("STAT")).split()
        if len(words) < 2 or not (words[0].isdigit() and words[1].isdigit()):
            raise self._broken("The server's STAT reply cannot be read")
        return int(words[0]), int(words[1])

    def uidl(self) -> dict[str, int]:
        """Unique id -> message number, in the order of the numbers.

        Where a server gives one id to several messages, the later ones are told apart by a
        space and their count, which no real id holds (RFC 1939 section 7).
        Raises `CapabilityError` (uidl_missing) where the server knows no unique ids.
        """
        try:
            listing = self._listing("UIDL")
        except CommandRefusedError as exc:
            if exc.retryable:
                raise
            raise CapabilityError(
                "The server gives its messages no unique ids",
                code="uidl_missing",
                server_text=exc.server_text,
            ) from None
        numbers: dict[str, int] = {}
        counts: dict[str, int] = {}
        for number, unique_id in sorted(listing):
            counts[unique_id] = count = counts.get(unique_id, 0) + 1
            numbers[unique_id if count == 1 else f"{unique_id} {count}"] = number
        return numbers

    def sizes(self) -> dict[int, int]:
        """Message number -> octets."""
        sizes: dict[int, int] = {}
        for number, octets in self._listing("LIST"):
            if not octets.isdecimal():
                raise self._broken("The server's LIST reply cannot be read")
            sizes[number] = int(octets)
        return sizes

    def retrieve(self, number: int) -> bytes:
        """The whole message. Raises `CommandRefusedError` where there is none."""
        return self._guarded(lambda: self._pop.text(f"RETR {_checked(number)}"))

    def delete(self, number: int) -> None:
        """Mark for deletion at `quit()`."""
        self._guarded(lambda: self._pop.command(f"DELE {_checked(number)}"))
        self._has_deleted = True

    def quit(self) -> None:
        """Carry out the deletions and close.

        When this raises, it is not known which messages were deleted.
        """
        try:
            self._guarded(lambda: self._pop.command("QUIT"))
        finally:
            self._wire.close()

    def _listing(self, command: str) -> list[tuple[int, str]]:
        text = self._guarded(lambda: self._pop.text(command))
        entries: list[tuple[int, str]] = []
        for line in text.decode("latin-1").split("\r\n"):
            words = line.split()
            if not words:
                continue
            if len(words) < 2 or not words[0].isdecimal():
                raise self._broken(f"The server's {command} reply cannot be read")
            entries.append((int(words[0]), words[1]))
        return entries


def _checked(number: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise InvalidArgumentError("A message number is a positive number")
    return number
