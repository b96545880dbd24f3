"""What people paste: a bare code, or the address of the page that did not open.

Browsers hide the scheme, mail programs break lines, people copy quotation marks; all of that is taken off. What is left
is either an address (it has parameters) or a code, which Google writes as ``4/0…`` and browsers as ``4%2F0…``.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from oauthservers.errors import CallbackRefusedError

_LONGEST = 8192  # characters; addresses with codes of Microsoft reach two thousand
_AROUND = "\"'`<>()[]{}«»“”„‘’「」『』、。,;"
_PARAMETER = re.compile(r"(^|[?&#])(code|state|error|iss)=")


def read(text: str) -> dict[str, str]:
    """The parameters of an authorization response, ``state`` always among them; only ``code`` for a bare one.

    Raises CallbackRefusedError: pasted_empty, pasted_unreadable, pasted_sign_in_page, pasted_no_code.
    """
    compact = "".join(text.split()).strip(_AROUND)
    if not compact:
        raise CallbackRefusedError(code="pasted_empty")
    if len(compact) > _LONGEST or not compact.isprintable():
        raise CallbackRefusedError(code="pasted_unreadable")
    if "://" in compact or _PARAMETER.search(compact):
        return _of_address(compact)
    return {"code": _bare(compact)}


def _of_address(address: str) -> dict[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets without an IPv6 address between them
        raise CallbackRefusedError(code="pasted_unreadable") from None
    query = parts.query or parts.fragment or (parts.path if not parts.scheme else "")
    pairs = parse_qsl(query, keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise CallbackRefusedError(code="pasted_unreadable")  # repeated: RFC 6749 §3.1
    if "client_id" in parameters or "code_challenge" in parameters:
        raise CallbackRefusedError(code="pasted_sign_in_page")
    if not parameters.get("code") and "error" not in parameters:
        raise CallbackRefusedError(code="pasted_no_code")
    return {"state": "", **parameters}


def _bare(code: str) -> str:
    """Visible ASCII only (RFC 6749 appendix A.11)."""
    decoded = unquote(code) if re.search(r"%[0-9A-Fa-f]{2}", code) else code
    if not decoded.isascii() or not decoded.isprintable() or len(decoded) < 4:
        raise CallbackRefusedError(code="pasted_unreadable")
    return decoded
