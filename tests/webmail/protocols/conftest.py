from collections.abc import Iterator

import pytest

from tests.webmail.protocols.lab import ALICE, PIERRE, Lab, running_lab


@pytest.fixture(scope="session")
def servers() -> Iterator[Lab]:
    with running_lab() as lab:
        yield lab


@pytest.fixture
def lab(servers: Lab) -> Lab:
    """The servers, with empty mailboxes."""
    for address in (ALICE, PIERRE):
        servers.empty(address)
    servers.relayed.envelopes.clear()
    return servers
