"""One request to an authorization server: bounded in time and size, without redirects, with typed failures."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from oauthservers.errors import TemporaryOAuthError, UnreachableServerError

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
_LARGEST_BODY = 1024 * 1024
_LONGEST_RETRY_AFTER = 3600.0


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer. ``text`` may hold tokens, so it stays out of ``repr``."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Answer {self.status_code}, {len(self.body)} bytes>"

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def retry_after(self) -> float | None:
        """Seconds of the Retry-After header, at most an hour; None without one (RFC 9110 §10.2.3)."""
        value = self.headers.get("Retry-After", "").strip()
        if not value:
            return None
        try:
            seconds = float(value)
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - time.time()
            except ValueError:
                return None
        if math.isnan(seconds):
            return None
        return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)

    def json(self) -> dict[str, Any]:
        """The JSON object of the body; raises TemporaryOAuthError for everything else.

        An HTML page in place of JSON is a proxy or a server in trouble, never a verdict on a token.
        """
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise TemporaryOAuthError(
                "unreadable_answer",
                f"HTTP {self.status_code} without a JSON object",
                code="server_error" if self.status_code >= 500 else "unreadable_answer",
                retry_after=self.retry_after,
            )
        return value

    def raise_for_overload(self) -> None:
        """Raise TemporaryOAuthError for HTTP 429 and 5xx, whatever the body claims."""
        if self.status_code == 429 or self.status_code >= 500:
            code = "throttled" if self.status_code == 429 else "server_error"
            raise TemporaryOAuthError(
                code, f"HTTP {self.status_code}", code=code, retry_after=self.retry_after
            )


def get(session: requests.Session, url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Fetch ``url``; raises UnreachableServerError."""
    return _request(session, "GET", url, None, headers)


def post(
    session: requests.Session, url: str, form: Any, headers: Mapping[str, str] | None = None
) -> Answer:
    """Post a form (a mapping, or bytes already encoded); raises UnreachableServerError."""
    return _request(session, "POST", url, form, headers)


def _request(
    session: requests.Session, method: str, url: str, form: Any, headers: Mapping[str, str] | None
) -> Answer:
    deadline = time.monotonic() + READ_SECONDS
    try:
        with session.request(
            method,
            url,
            data=form,
            headers={"Accept": "application/json", **(headers or {})},
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(16 * 1024):
                body += chunk
                if len(body) > _LARGEST_BODY or time.monotonic() > deadline:
                    raise UnreachableServerError("answer_too_long", code="unreadable_answer")
            return Answer(response.status_code, response.headers, bytes(body))
    except requests.exceptions.SSLError as error:
        raise UnreachableServerError("tls", _reason(error), code="tls_failed") from None
    except requests.exceptions.Timeout:
        raise UnreachableServerError("timeout", code="timeout") from None
    except (requests.exceptions.RequestException, OSError) as error:
        # A session that refuses an address says so by a code of its own.
        raise UnreachableServerError(
            "unreachable", _reason(error), code=getattr(error, "code", "")
        ) from None


def _reason(error: BaseException) -> str:
    """The innermost cause by name; the outer ones repeat the whole address."""
    for _ in range(6):
        wrapped = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(wrapped, BaseException):
            break
        error = wrapped
    return getattr(error, "verify_message", "") or type(error).__name__
