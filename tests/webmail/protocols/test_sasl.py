import base64

import pytest

from webmail.protocols.errors import CapabilityError, InvalidArgumentError, ProtocolError
from webmail.protocols.sasl import (
    Responder,
    check_argument,
    choose_mechanism,
    decode_challenge,
    oauthbearer,
    plain,
    secrets_of,
    without_secrets,
    xoauth2,
)
from webmail.protocols.types import BearerCredentials, PasswordCredentials

CREDENTIALS = BearerCredentials("someuser@example.com", "secret-token")


@pytest.mark.parametrize(
    ("user", "token", "expected"),
    [
        (
            "someuser@example.com",
            "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNr"
            "QmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
        ),
        (
            "test@contoso.onmicrosoft.com",
            "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA",
            "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFv"
            "N0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ==",
        ),
    ],
)
def test_xoauth2_equals_the_examples_of_google_and_microsoft(
    user: str, token: str, expected: str
) -> None:
    assert base64.b64encode(xoauth2(user, token)).decode() == expected


def test_oauthbearer_escapes_the_separators_of_its_header() -> None:
    assert oauthbearer("a=b,c@x", "t") == b"n,a=a=3Db=2Cc@x,\x01auth=Bearer t\x01\x01"


def test_plain_encodes_names_and_passwords_as_utf_8() -> None:
    assert plain("é", "密") == b"\0\xc3\xa9\0\xe5\xaf\x86"


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\x01", "\x7f", "\x85", "\ud800"])
def test_control_characters_are_refused_everywhere_in_a_sign_in(bad: str) -> None:
    calls = [
        lambda: xoauth2(f"u{bad}", "t"),
        lambda: xoauth2("u", f"t{bad}"),
        lambda: oauthbearer(f"u{bad}", "t"),
        lambda: oauthbearer("u", f"t{bad}"),
        lambda: plain(f"u{bad}", "p"),
        lambda: plain("u", f"p{bad}"),
        lambda: check_argument(f"x{bad}"),
    ]
    for call in calls:
        with pytest.raises(InvalidArgumentError):
            call()


def test_the_token_is_sent_once_and_the_failure_challenge_is_answered() -> None:
    for mechanism, closing in (("XOAUTH2", b""), ("OAUTHBEARER", b"\x01")):
        responder = Responder(mechanism, CREDENTIALS)
        first = responder.step()
        assert first is not None
        assert b"secret-token" in first
        assert responder.step(b'{"status":"401"}') == closing
        assert responder.detail == {"status": "401"}
        assert responder.step(b"again") is None
        with pytest.raises(ProtocolError):
            responder.step(b"and again")


def test_plain_aborts_at_an_unexpected_challenge() -> None:
    responder = Responder("PLAIN", PasswordCredentials("u", "p"))
    assert responder.step() == b"\0u\0p"
    assert responder.step(b"more") is None


def test_the_first_wanted_mechanism_which_is_offered_is_chosen() -> None:
    assert choose_mechanism(("XOAUTH2", "OAUTHBEARER"), ["OAUTHBEARER", "XOAUTH2"]) == "XOAUTH2"
    assert choose_mechanism(("XOAUTH2", "OAUTHBEARER"), ["plain", "oauthbearer"]) == "OAUTHBEARER"
    with pytest.raises(CapabilityError) as caught:
        choose_mechanism(("XOAUTH2",), ["PLAIN"])
    assert caught.value.code == "authentication_mechanism_missing"


def test_a_challenge_which_is_not_base64_is_kept_as_it_stands() -> None:
    assert decode_challenge(b"eyJhIjoxfQ==") == b'{"a":1}'
    assert decode_challenge(b"{not base64}") == b"{not base64}"
    assert decode_challenge(None) == b""


def test_credentials_do_not_show_their_secret() -> None:
    assert "secret-token" not in repr(CREDENTIALS)
    assert "pw-123" not in repr(PasswordCredentials("u", "pw-123"))


def test_echoed_secrets_are_hidden_whole_cut_and_encoded() -> None:
    secrets = secrets_of(CREDENTIALS)
    encoded = base64.b64encode(xoauth2(CREDENTIALS.username, CREDENTIALS.access_token)).decode()
    for echo in ("secret-token", "secret-to", encoded, encoded[:20], encoded[7:30]):
        shown = without_secrets(f"unknown command {echo} here", secrets)
        assert shown == "unknown command [hidden] here"
