"""Internationalized domain names (RFC 5890) in addresses."""

from __future__ import annotations

import re

import idna

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LITERAL = re.compile(r"\[[0-9A-Za-z.:-]{2,64}\]")


def ascii_domain(domain: str) -> str:
    """The form of a domain that goes on the wire; raises ValueError when it is no domain.

    IDNA 2008 with the compatibility mapping, because the older mapping of the standard library
    sends mail for straße.example to another domain.
    """
    if _LITERAL.fullmatch(domain):
        return domain
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise ValueError(f"not a domain name: {domain!r}") from error
    if len(domain) > 253 or not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise ValueError(f"not a domain name: {domain!r}")
    return domain
