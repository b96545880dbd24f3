"""The address that people use, against the one that is configured.

Redirect URIs, links in e-mails and cookies are made for ``PUBLIC_URL``. Who opens the groupware under another address
is signed in there only, and comes back from an authorization server as a stranger. What a request says of its address
is used for this comparison and for nothing else: nobody builds an address from it.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

_PORTS = {"https": 443, "http": 80}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PRIVATE_ENDINGS = {
    "local",
    "localhost",
    "internal",
    "intranet",
    "lan",
    "home",
    "arpa",
    "test",
    "invalid",
}


def browser_address(request: HttpRequest) -> str:
    """Scheme and host as the browser has them, as far as the request tells.

    The page's own script knows best (HX-Current-URL); then what a proxy says it was asked for; then the Host header.
    """
    if current := _origin(request.headers.get("HX-Current-URL", "")):
        return current
    scheme = _first(request.headers.get("X-Forwarded-Proto", "")) or request.scheme or "http"
    host = _first(request.headers.get("X-Forwarded-Host", "")) or request.headers.get("Host", "")
    return _origin(f"{scheme}://{host}") or f"{scheme}://{host}"


def differs(request: HttpRequest) -> bool:
    """Whether the browser has another address than ``PUBLIC_URL``."""
    return browser_address(request) != configured_address()


def configured_address() -> str:
    """Scheme and host of ``PUBLIC_URL``."""
    return _origin(settings.PUBLIC_URL)


def here(request: HttpRequest) -> str:
    """The present page under the configured address."""
    return f"{settings.PUBLIC_URL}{request.get_full_path()}"


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches ``address``."""
    return (urlsplit(address).hostname or "") in _LOOPBACK


def is_public_name(host: str) -> bool:
    """Whether ``host`` can be a name on the internet: dots, no address, no ending that is kept for private use.

    RFC 6761, RFC 6762 and RFC 8375 keep the endings; Google refuses them, and addresses, as redirect URIs.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and host.rpartition(".")[2] not in _PRIVATE_ENDINGS
    return False


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:  # a port that is none, or brackets without an address between them
        return ""
    if not host or scheme not in _PORTS:
        return ""
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + (f":{port}" if port and port != _PORTS[scheme] else "")


def _first(header: str) -> str:
    """Of several proxies the first one met the browser."""
    return header.split(",")[0].strip()
