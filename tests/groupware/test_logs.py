"""Log lines: readable by machines, without secrets."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from groupware import logs

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhb2tpIn0.c2lnbmF0dXJlLW9mLXRoaXM"
SECRETS = {
    "Authorization: Bearer abcdef123456": "abcdef123456",
    "auth=Bearer opaque-token-of-a-server\x01\x01": "opaque-token-of-a-server",
    f"the token {JWT} came": JWT,
    "ya29.a0AfB_byC1234567890": "a0AfB_byC1234567890",
    "got EwBQA8l6BAAUkj1NuJYtTVha+Mogk+HEiPbQo04AAa": "A8l6BAAUkj1NuJYtTVha",
    "1//0gLongRefreshTokenOfGoogle-abc": "0gLongRefreshTokenOfGoogle",
    "M.C507_BAY.0.U.-CtYLongRefreshTokenOfMicrosoft!*abc$": "CtYLongRefreshTokenOfMicrosoft",
    "client_secret=s3cr3t-value&grant_type=refresh_token": "s3cr3t-value",
    "GET /oauth/callback/?code=0.AXoA-code-of-one-use&state=xyz-of-the-session": "0.AXoA-code-of-one-use",
    "?state=xyz-of-the-session HTTP/1.1": "xyz-of-the-session",
    '{"refresh_token": "opaque refresh", "expires_in": 3600}': "opaque refresh",
    "{'password': 'paper-and-ink'}": "paper-and-ink",
    "AUTH XOAUTH2 dXNlcj1hb2tpQGV4YW1wbGUudGVzdAFhdXRoPUJlYXJlciB4AQE=": "dXNlcj1hb2tpQGV4",
    "AUTHENTICATE bixhPWFva2lAZXhhbXBsZS50ZXN0LAFob3N0PQ==": "bixhPWFva2lA",
}


def line(formatter: logging.Formatter, message: str, *args: object, **extra: object) -> str:
    record = logging.getLogger("test").makeRecord(
        "test", logging.INFO, __file__, 1, message, args, None, extra=extra
    )
    logs.ContextFilter().filter(record)
    return formatter.format(record)


def json_formatter() -> logging.Formatter:
    return logs.MaskingJsonFormatter("%(levelname)s %(message)s %(request_id)s")


@pytest.mark.parametrize(("text", "secret"), SECRETS.items(), ids=range(len(SECRETS)))
@pytest.mark.parametrize("formatter", [json_formatter(), logs.MaskingTextFormatter("%(message)s")])
def test_a_secret_is_masked_by_its_shape(formatter, text, secret):
    written = line(formatter, "server said %s", text)
    assert secret not in written
    assert logs.MASK in written


def test_a_secret_is_masked_by_the_name_of_its_field():
    written = line(
        json_formatter(), "done", client_secret="plain words", details={"password": ["plain"]}
    )
    assert "plain" not in written
    assert json.loads(written)["client_secret"] == logs.MASK


def test_a_secret_in_a_traceback_is_masked():
    try:
        int("access_token=opaque-token-of-a-server")
    except ValueError:
        record = logging.getLogger("test").makeRecord(
            "test", logging.ERROR, __file__, 1, "failed", (), sys.exc_info()
        )
    logs.ContextFilter().filter(record)
    written = json_formatter().format(record)
    assert "opaque-token-of-a-server" not in written
    assert "ValueError" in written


def test_ordinary_words_stay_readable():
    text = "Account 12: error_code timeout, state of the folder kept, token endpoint answered in 120 ms"
    assert logs.mask(text) == text


def test_every_line_is_one_json_object_with_the_request():
    token = logs.request_id.set("abc-123")
    try:
        written = line(json_formatter(), "two\nlines", account_id=7)
    finally:
        logs.request_id.reset(token)
    assert "\n" not in written
    assert json.loads(written) == {
        "levelname": "INFO",
        "message": "two\nlines",
        "request_id": "abc-123",
        "account_id": 7,
    }


def test_a_line_break_in_a_message_cannot_forge_a_line():
    written = line(logs.MaskingTextFormatter("%(message)s"), "folder %s", "x\r\nINFO all is well")
    assert "\n" not in written


def test_libraries_that_print_the_wire_stay_quiet_at_debug():
    loggers = logs.configuration("DEBUG")["loggers"]
    for name in ("urllib3", "msal", "google", "imapclient", "django.db.backends"):
        assert loggers[name]["level"] == "WARNING"


def test_a_request_keeps_its_identifier_and_a_strange_one_is_replaced(client, db):
    given = client.get("/accounts/login/", headers={"X-Request-ID": "proxy-0123456789"})
    assert given["X-Request-ID"] == "proxy-0123456789"
    strange = client.get("/accounts/login/", headers={"X-Request-ID": 'x"}\n{"level": "INFO"'})
    assert strange["X-Request-ID"].isalnum()


def test_the_path_of_a_password_reset_is_not_logged(client, db, caplog):
    with caplog.at_level(logging.INFO, "groupware.request"):
        client.get("/accounts/password/reset/key/1-c0ffee-secretkey/")
    assert "password/reset/key" in caplog.text
    assert "secretkey" not in caplog.text
