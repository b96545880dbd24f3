"""Vendors' numbers and subtypes → the code that chooses the words, and whose matter it is.

The class of an error is decided by the OAuth error value (RFC 6749 §5.2); what stands here only refines it. Microsoft:
"Microsoft Entra authentication and authorization error codes" (AADSTS); Google: "Using OAuth 2.0 to access Google
APIs" and the library google-auth (``error_subtype``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum


class Turn(Enum):
    """Who has to act before it works again."""

    PERSON = "person"
    REGISTRATION = "registration"  # a system administrator of the groupware
    PROVIDER = "provider"  # whoever administers the organisation at the provider
    TIME = "time"


def _each(code: str, turn: Turn, *numbers: int) -> dict[int, tuple[str, Turn]]:
    return dict.fromkeys(numbers, (code, turn))


#: AADSTS number → code and turn. A number that is missing says nothing beyond the error value.
NUMBERS: dict[int, tuple[str, Turn]] = {
    # The person signs in again.
    **_each("grant_revoked", Turn.PERSON, 50132, 50133, 50173),
    **_each("refresh_expired", Turn.PERSON, 70008, 700082, 700084),
    **_each("sign_in_frequency", Turn.PERSON, 70043, 70044),
    **_each("second_factor_setup", Turn.PERSON, 50072, 50079),
    **_each("second_factor_needed", Turn.PERSON, 50074, 50076, 50078),
    **_each("extra_check_needed", Turn.PERSON, 50158),
    **_each("password_expired", Turn.PERSON, 50055),
    **_each("password_wrong", Turn.PERSON, 50126),
    **_each("account_locked", Turn.PERSON, 50053),
    **_each("wrong_organization", Turn.PERSON, 50020),
    **_each("account_unknown", Turn.PERSON, 50034),
    **_each("access_denied", Turn.PERSON, 65004),
    # The organisation's administrator at Microsoft allows it.
    **_each("administrator_consent", Turn.PROVIDER, 65001, 90094, 90095),
    **_each("account_disabled", Turn.PROVIDER, 50057),
    **_each("not_assigned", Turn.PROVIDER, 50105),
    **_each("policy_blocks", Turn.PROVIDER, 50131, 53003, 530032),
    **_each("device_policy", Turn.PROVIDER, 53000, 53001, 53002, 530003),
    **_each("security_defaults", Turn.PROVIDER, 530035),
    **_each("tenant_restricted", Turn.PROVIDER, 500021, 500022),
    # The registration in the groupware or at Microsoft is corrected.
    **_each("client_secret_expired", Turn.REGISTRATION, 7000222),
    **_each("client_secret_wrong", Turn.REGISTRATION, 7000215),
    **_each("client_secret_missing", Turn.REGISTRATION, 7000218),
    **_each("client_secret_not_wanted", Turn.REGISTRATION, 700025),
    **_each("client_unknown", Turn.REGISTRATION, 700016),
    **_each("invalid_client", Turn.REGISTRATION, 70002),
    **_each("redirect_uri_mismatch", Turn.REGISTRATION, 50011),
    **_each("tenant_wrong", Turn.REGISTRATION, 50194, 90002, 9001023, 9002332, 700005),
    **_each("invalid_scope", Turn.REGISTRATION, 70011, 700022, 500011),
    **_each("permission_undeclared", Turn.REGISTRATION, 650052, 650056, 650057),
    **_each("request_malformed", Turn.REGISTRATION, 90014, 900144, 9002313, 501481, 901002, 50196),
    # It passes.
    **_each("throttled", Turn.TIME, 90055),
    **_each("temporarily_unavailable", Turn.TIME, 90090),
}

#: Codes after which the provider's administrator has to act first; signing in again would meet the same wall.
AT_PROVIDER = frozenset(code for code, turn in NUMBERS.values() if turn is Turn.PROVIDER)
#: Google's subtypes of invalid_grant: the organisation's session length is over.
SUBTYPES = {"invalid_rapt": "sign_in_frequency", "rapt_required": "sign_in_frequency"}

_NUMBER_IN_WORDS = re.compile(r"\bAADSTS(\d{4,8})\b")


def numbers_in(description: str) -> tuple[int, ...]:
    """The AADSTS numbers in Microsoft's words: an answer that comes through the browser has no list of them."""
    return tuple(int(number) for number in _NUMBER_IN_WORDS.findall(description))


def refined(numbers: Iterable[int], turns: Iterable[Turn]) -> str:
    """The code of the first number whose turn is one of ``turns``; empty when none is known."""
    wanted = set(turns)
    known = (NUMBERS[number] for number in numbers if number in NUMBERS)
    return next((code for code, turn in known if turn in wanted), "")
