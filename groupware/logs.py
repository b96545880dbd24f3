"""Log lines: JSON in production, readable text in development, never a secret in either.

Secrets are masked at the last moment, in the formatter, so that a traceback or the text of a foreign exception is
covered as well as our own messages. Two nets: names of fields (``password``, ``client_secret`` …) and shapes of values
(``Bearer …``, JSON web tokens, the prefixes of Google's and Microsoft's tokens).
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

#: Identifier of the request being answered; empty outside a request.
request_id: ContextVar[str] = ContextVar("request_id", default="")

MASK = "[masked]"
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|secret|token|authorization|cookie|verifier|assertion|credentials?|private_key)s?$",
    re.IGNORECASE,
)
_FIELDS = (
    r"access_token|refresh_token|id_token|client_secret|client_assertion|assertion|code_verifier|device_code|user_code"
    r"|password|passwd|token|code|state"
)
_SECRET_VALUES = re.compile(
    r"(?P<scheme>\b(?:Bearer|Basic|XOAUTH2|OAUTHBEARER)\s+)[\w.~+/=-]{8,}"
    # name=value of a query or a form, "name": "value" of JSON or of a printed dictionary
    rf"|(?P<field>(?<![\w-])(?:{_FIELDS})=)[^\s&\"'<>\\;,)]+"
    rf"|(?P<pair>[\"'\\]+(?:{_FIELDS})[\"'\\]+\s*:\s*[\"'\\]+)[^\"'\\]+"
    # JSON web token; Google's access and refresh token; Microsoft's tokens; a SASL response in base64 (user=, n,a=)
    r"|\beyJ[\w-]{8,}(?:\.[\w-]*)*|\bya29\.[\w-]+|\b1//[\w-]{8,}|\b(?:EwB|M\.[A-Z]\d+_)[\w+/!*.$=-]{16,}"
    r"|\bdXNlcj[\w+/=-]{8,}|\bbixhP[\w+/=-]{8,}",
    re.IGNORECASE,
)


def _replacement(match: re.Match[str]) -> str:
    return (match["scheme"] or match["field"] or match["pair"] or "") + MASK


def mask(text: str) -> str:
    """Return ``text`` with everything masked that looks like a secret."""
    return _SECRET_VALUES.sub(_replacement, text)


def masked(value: Any, name: str = "") -> Any:
    """Return a JSON-like value with secrets masked by the name of their field and by their shape."""
    if name and value and _SECRET_NAME.search(name):
        return MASK
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: masked(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item) for item in value]
    return value


class ContextFilter(logging.Filter):
    """Adds what is being worked on: the request's or the task's identifier."""

    def filter(self, record: logging.LogRecord) -> bool:
        from celery import current_task  # settings import this module before Celery can be set up

        record.request_id = request_id.get()
        record.task_id = getattr(getattr(current_task, "request", None), "id", None) or ""
        return True


class MaskingJsonFormatter(JsonFormatter):
    """One JSON object a line, in UTC."""

    converter = time.gmtime

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Mask by the names of the fields; empty identifiers are left out."""
        return {
            key: masked(value, key)
            for key, value in super().process_log_record(log_data).items()
            if value != "" and value is not None
        }

    def format(self, record: logging.LogRecord) -> str:
        """Mask by shape as well, over the whole line: a traceback may quote anything."""
        return mask(super().format(record))


class MaskingTextFormatter(logging.Formatter):
    """Readable lines; a line break inside a message cannot pretend to be a line of its own (ASVS 16.4.1)."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def configuration(level: str = "INFO", as_json: bool = True) -> dict[str, Any]:
    """The value of Django's LOGGING. Libraries that print what is on the wire stay at WARNING at every level."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": ContextFilter}},
        "formatters": {
            "json": {
                "()": MaskingJsonFormatter,
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(task_id)s",
                "datefmt": "%Y-%m-%dT%H:%M:%SZ",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            },
            "text": {
                "()": MaskingTextFormatter,
                "format": "%(asctime)s %(levelname)-7s %(name)s  %(message)s",
                "datefmt": "%H:%M:%S",
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["context"],
                "formatter": "json" if as_json else "text",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers are switched off: everything goes through the one above.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # SQL with its parameters and the variables of templates would be written at DEBUG.
            **{
                name: {"level": "WARNING"}
                for name in (
                    "django.db.backends",
                    "django.template",
                    "urllib3",
                    "requests",
                    "msal",
                    "google",
                    "imapclient",
                    "imaplib",
                    "asyncio",
                    "PIL",
                )
            },
        },
    }


class RequestIdMiddleware:
    """Gives every request an identifier, the same one in its log lines, its audit events and its answer's header.

    A proxy may hand one in as ``X-Request-ID``; anything that is not a plain identifier is replaced.
    """

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        self.logger = logging.getLogger("groupware.request")

    def __call__(self, request: Any) -> Any:
        given = request.headers.get("X-Request-ID", "")
        identifier = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(identifier)
        request.request_id = identifier
        started = time.monotonic()
        try:
            response = self.get_response(request)
            self._log(request, response, started)
        finally:
            request_id.reset(token)
        response.headers["X-Request-ID"] = identifier
        return response

    def _log(self, request: Any, response: Any, started: float) -> None:
        # The pattern and not the path: a path may hold the key of a password reset.
        match = getattr(request, "resolver_match", None)
        if match is None:
            return
        self.logger.info(
            "%s /%s %s",
            request.method,
            match.route,
            response.status_code,
            extra={
                "method": request.method,
                "route": match.route,
                "status": response.status_code,
                "duration_ms": round((time.monotonic() - started) * 1000),
            },
        )
