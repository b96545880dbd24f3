"""Serves the three authorization servers over https, and the inner entrance over plain http."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any

from flask import Flask
from joserfc.jwk import RSAKey
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from tests.sandbox.authorization import generic, google, microsoft
from tests.sandbox.authorization.clients import Client
from tests.sandbox.authorization.pages import Pages
from tests.sandbox.authorization.realm import Realm
from tests.sandbox.authorization.server import SandboxServer
from tests.sandbox.authorization.store import Store

_KINDS: dict[str, tuple[type[Realm], Any]] = {
    "microsoft": (microsoft.MicrosoftRealm, microsoft.add_routes),
    "google": (google.GoogleRealm, google.add_routes),
    "generic": (generic.GenericRealm, generic.add_routes),
}
REALMS = tuple(_KINDS)


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Addresses of requests hold codes and states; they belong in no log."""


class _Server(ThreadedWSGIServer):
    """Shakes hands in the thread of the request: a silent client must not stop the others."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int, app: Any, context: ssl.SSLContext | None = None) -> None:
        super().__init__("127.0.0.1", port, app, handler=_QuietHandler)
        self.ssl_context = context

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        if self.ssl_context is not None:
            request.settimeout(30)
            try:
                request = self.ssl_context.wrap_socket(request, server_side=True)
            except OSError:
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)


class WebServers:
    """Every HTTP listener of the sandbox; `inner` answers Dovecot and the tests."""

    def __init__(self) -> None:
        self._servers: list[_Server] = []

    def serve(self, port: int, app: Any, context: ssl.SSLContext | None = None) -> None:
        server = _Server(port, app, context)
        self._servers.append(server)
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


def make_realm(key: str, port: int, client: Client, store: Store, signing_key: RSAKey) -> Realm:
    kind, _ = _KINDS[key]
    return kind(f"https://localhost:{port}", client, store, signing_key)


def make_app(realm: Realm, secret_key: str) -> Flask:
    """The pages and endpoints of one realm."""
    app = Flask(__name__)
    app.secret_key = secret_key
    # Browsers do not tell ports apart in cookies, so each server needs a name of its own.
    app.config.update(
        SESSION_COOKIE_NAME=f"sandbox_{realm.key}",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    server = SandboxServer(app, realm)
    _, add_routes = _KINDS[realm.key]
    add_routes(app, realm, server, Pages(realm, server))
    return app


def signing_key(path: Path, kid: str) -> RSAKey:
    """The key of ID tokens kept in this file; made there when it is missing."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(RSAKey.generate_key(2048).as_pem(private=True))
    return RSAKey.import_key(path.read_bytes(), {"kid": kid})
