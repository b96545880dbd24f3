"""Mail servers that come with a preset of an authorization server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver
from django.utils.text import slugify

from groupware.audit.record import record
from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import MailServerPreset, Preset
from oauthservers.signals import server_registered
from webmail.models import MailServer


@receiver(server_registered, dispatch_uid="webmail.presets")
def register_mail_servers(
    sender: Any,
    *,
    server: AuthorizationServer,
    preset: Preset,
    mail_servers: Sequence[MailServerPreset],
    **_more: Any,
) -> int:
    """Register the mail servers that were ticked and link them to ``server``; return how many are linked now.

    One that is registered already without an authorization server is linked, not doubled. One that is linked to
    another server (another tenant of the same provider) stays there, and this server gets its own.
    """
    for wanted in mail_servers:
        _link(server, wanted)
    return len(mail_servers)


def _link(server: AuthorizationServer, wanted: MailServerPreset) -> None:
    same = MailServer.objects.registered().filter(
        protocol=wanted.protocol, host__iexact=wanted.host, port=wanted.port
    )
    if same.filter(authorization_server=server).exists():
        return
    free = same.filter(authorization_server=None).order_by("pk").first()
    if free is not None:
        free.authorization_server = server
        free.save(update_fields=["authorization_server"])
        details = {"changes": {"authorization_server": ["", str(server)]}}
        record("webmail.server.updated", target=free, details=details)
        return
    made = MailServer.objects.create(
        key=_free_key(f"{server.key}-{wanted.protocol}"),
        name=f"{server.name} ({wanted.protocol.upper()})"[:120],
        protocol=wanted.protocol,
        host=wanted.host,
        port=wanted.port,
        security=wanted.security,
        authorization_server=server,
    )
    record("webmail.server.created", target=made)


def _free_key(base: str) -> str:
    base = slugify(base)[:56]
    key, number = base, 1
    while MailServer.objects.filter(key=key).exists():
        number += 1
        key = f"{base}-{number}"
    return key
