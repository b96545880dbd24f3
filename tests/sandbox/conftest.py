"""Every test of this folder finds the authorization servers as they are at the start."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from tests.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _as_at_the_start(sandbox: Sandbox) -> Iterator[None]:
    yield
    for server in (sandbox.microsoft, sandbox.google, sandbox.generic):
        server.reset()


@pytest.fixture(scope="session")
def tls(sandbox: Sandbox) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(sandbox.ca_file))
