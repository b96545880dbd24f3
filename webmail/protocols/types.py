"""The values which go into and come out of the protocol sessions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Security(StrEnum):
    """How a connection is protected. There is no "if available": a choice is kept or fails."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True)
class TlsOptions:
    """What is checked about a server's certificate.

    `verify_certificate`: chain, validity and trust anchor.
    `verify_name`: the certificate must name the host (only together with the first).
    `allow_common_name`: accept the name from the subject's CN where the certificate has no
    subjectAltName, as certificates of old intranet servers do (RFC 9525 dropped the CN).
    `ca_pem`: further trust anchors in PEM form, added to those of the system.
    """

    verify_certificate: bool = True
    verify_name: bool = True
    allow_common_name: bool = False
    ca_pem: str = ""


@dataclass(frozen=True)
class Endpoint:
    """Where a server is and how to reach it. Time-outs are in seconds.

    `addresses` are IP addresses which were already checked; they are dialled instead of
    `host`, so that the name cannot be resolved a second time to something else. `host` is
    then used for the TLS name only.
    """

    host: str
    port: int
    security: Security
    tls: TlsOptions = field(default_factory=TlsOptions)
    addresses: tuple[str, ...] = ()
    connect_timeout: float = 10.0
    read_timeout: float = 60.0


@dataclass(frozen=True)
class PasswordCredentials:
    """A user name and its password; the password never shows in `repr`."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class BearerCredentials:
    """A user name and an OAuth 2.0 access token; the token never shows in `repr`.

    `mechanisms` are tried in this order among those which the server offers.
    """

    username: str
    access_token: str = field(repr=False)
    mechanisms: tuple[str, ...] = ("XOAUTH2", "OAUTHBEARER")


Credentials = PasswordCredentials | BearerCredentials | None


@dataclass(frozen=True)
class MailboxInfo:
    """One line of LIST. `name` is decoded; `flags` are in lower case with their backslash.

    `role` is "", inbox, drafts, sent, junk, trash, archive or all (RFC 6154, RFC 8621).
    """

    name: str
    delimiter: str
    flags: frozenset[str]
    role: str
    is_selectable: bool


@dataclass(frozen=True)
class MailboxStatus:
    """The state of a mailbox (RFC 9051 section 2.3.1). 0 means that the server did not say."""

    name: str
    uid_validity: int
    uid_next: int
    exists: int
    unseen: int | None
    highest_mod_seq: int | None


@dataclass(frozen=True)
class MessageFlags:
    """System flags (RFC 9051 section 2.3.2) and keywords, the latter as the server spells them."""

    is_seen: bool = False
    is_answered: bool = False
    is_flagged: bool = False
    is_draft: bool = False
    is_deleted: bool = False
    keywords: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FetchedMessage:
    """A whole message. `received_at` is aware and in UTC; `size` counts octets."""

    uid: int
    flags: MessageFlags
    received_at: datetime
    size: int
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class FetchedFlags:
    """The flags of one message; `mod_seq` where the server keeps them (RFC 7162)."""

    uid: int
    flags: MessageFlags
    mod_seq: int | None


@dataclass(frozen=True)
class SubmissionResult:
    """The server took the message for at least one recipient.

    `refused`: address -> (reply code, the server's words).
    """

    reply_code: int
    reply_text: str
    refused: Mapping[str, tuple[int, str]]
