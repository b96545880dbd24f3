"""Authorization responses: is it from the server that was asked, and does it bring a code (RFC 6749 §4.1.2, RFC 9207)."""

from __future__ import annotations

from collections.abc import Mapping

from oauthservers.errors import (
    AccessDeniedError,
    CallbackRefusedError,
    ReauthorizationRequiredError,
    from_answer,
)
from oauthservers.models import AuthorizationServer
from oauthservers.providers.base import Provider


def check(server: AuthorizationServer, provider: Provider, parameters: Mapping[str, str]) -> None:
    """Raise for a response of another server, then for an error, then for one without a code.

    ``iss`` comes first: an error of another server says nothing about this attempt (RFC 9207 §2.4). A bare code that
    was pasted has none.
    """
    issuer = parameters.get("iss")
    is_whole = "state" in parameters
    if issuer is None and is_whole and server.requires_issuer_in_response:
        raise CallbackRefusedError(code="issuer_missing")
    if issuer is not None and not provider.is_issuer(issuer):
        raise CallbackRefusedError(code="issuer_mismatch")
    if "error" in parameters:
        error = from_answer(parameters)
        if isinstance(error, ReauthorizationRequiredError):
            # What a vendor's number says is kept; the plain error value is a "no" here, nothing that ended.
            code = "" if error.code == ReauthorizationRequiredError.code else error.code
            raise AccessDeniedError(error.error, error.description, code=code)
        raise error
    if not parameters.get("code"):
        raise CallbackRefusedError(code="code_missing")
