"""What may reach the wire.

imapclient and poplib pass CR and LF through, so that a search word or a flag could carry a
whole second command. Every argument therefore passes one of these checks before a byte is
written; each raises `InvalidArgumentError`, which names the argument and never its value.
"""

import re
import unicodedata
from collections.abc import Iterable

from webmail.protocols.errors import InvalidArgumentError
from webmail.protocols.types import (
    BearerCredentials,
    Credentials,
    Endpoint,
    PasswordCredentials,
)

# RFC 6750 section 2.1, wider: opaque tokens in the field hold any visible ASCII character.
_ACCESS_TOKEN = re.compile(r"[\x21-\x7e]+")
# RFC 9051 section 9: an atom; a system flag has one backslash in front.
_FLAG = re.compile(r"\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_HEADER_NAME = re.compile(r"[!-9;-~]+")
_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>@]+")


def check_argument(text: str, name: str = "argument") -> str:
    """`text` unchanged, unless it holds a control character or cannot be encoded."""
    # Cc: CR, LF, NUL, 0x01, DEL and the C1 controls; Cs: half a surrogate pair.
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise InvalidArgumentError(f"The {name} holds a control character")
    return text


def check_flags(flags: Iterable[str]) -> list[str]:
    """Flags in order, each a system flag or an atom; \\Recent belongs to the server alone."""
    checked = list(flags)
    for flag in checked:
        if not _FLAG.fullmatch(flag) or flag.lower() == "\\recent":
            raise InvalidArgumentError("A flag may hold the characters of an IMAP atom only")
    return checked


def check_uids(uids: Iterable[int]) -> list[int]:
    """UIDs without duplicates, in the given order; each a positive 32-bit number."""
    checked = list(uids)
    for uid in checked:
        if isinstance(uid, bool) or not isinstance(uid, int) or not 0 < uid < 2**32:
            raise InvalidArgumentError("A UID is a number from 1 to 4294967295")
    return list(dict.fromkeys(checked))


def check_header_name(name: str) -> str:
    """The name of a header field (RFC 5322 section 2.2)."""
    if not _HEADER_NAME.fullmatch(name):
        raise InvalidArgumentError("The header name holds other characters than visible ASCII")
    return name


def check_mailbox_name(name: str) -> str:
    """A mailbox name which is not empty; it is encoded elsewhere."""
    if not name:
        raise InvalidArgumentError("The mailbox name is empty")
    return check_argument(name, "mailbox name")


def check_address(address: str, name: str = "address") -> str:
    """An envelope address, `local@domain`; space and angle brackets would end it early."""
    check_argument(address, name)
    if not _ADDRESS.fullmatch(address):
        raise InvalidArgumentError(f"The {name} is not of the form local@domain")
    return address


def check_endpoint(endpoint: Endpoint) -> None:
    """The host is a name or an IP address, the port a port."""
    check_argument(endpoint.host, "host")
    if not endpoint.host or endpoint.host.startswith(".") or " " in endpoint.host:
        raise InvalidArgumentError("The host is neither a name nor an IP address")
    try:
        endpoint.host.encode("idna")
    except UnicodeError:
        raise InvalidArgumentError("The host cannot be written as a domain name") from None
    if not 0 < endpoint.port < 65536:
        raise InvalidArgumentError("The port is a number from 1 to 65535")


def check_credentials(credentials: Credentials) -> None:
    """A 0x01 in the user name would forge a second field of XOAUTH2, a NUL one of PLAIN."""
    if credentials is None:
        return
    check_argument(credentials.username, "user name")
    if not credentials.username:
        raise InvalidArgumentError("The user name is empty")
    if isinstance(credentials, PasswordCredentials):
        check_argument(credentials.password, "password")
    elif isinstance(credentials, BearerCredentials) and not _ACCESS_TOKEN.fullmatch(
        credentials.access_token
    ):
        raise InvalidArgumentError("The access token holds other characters than visible ASCII")
