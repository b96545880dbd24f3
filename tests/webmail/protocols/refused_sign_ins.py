"""What the tests of signing in share."""

import base64
from typing import Any

import pytest

from tests.webmail.protocols.lab import bearer
from tests.webmail.protocols.scripted import ScriptedServer
from webmail.protocols.errors import MailServerError

JSON = base64.b64encode(b'{"status":"401","schemes":"bearer"}').decode()


def open_failing(session: Any, server: ScriptedServer, credentials: Any = None) -> MailServerError:
    with pytest.raises(MailServerError) as caught:
        session.open(server.endpoint(), credentials or bearer())
    return caught.value


def assert_without_secret(error: BaseException | None, secret: str) -> None:
    while error is not None:
        assert secret not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__ or error.__context__
