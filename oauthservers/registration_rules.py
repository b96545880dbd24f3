"""What the values of a registration must obey, whoever brings them: the form or a provisioning file."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from oauthservers import discovery
from oauthservers.errors import MetadataError
from oauthservers.providers.base import IDENTITY_SCOPES

#: Tenants that stand for more than one directory (learn.microsoft.com, "OpenID Connect on the identity platform").
SHARED_TENANTS = frozenset({"common", "consumers", "organizations"})
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}", re.IGNORECASE)
_EXAMPLE = "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0"
_EXTRA = (
    "/authorize",
    "/token",
    "/devicecode",
)  # what people copy along from the list of endpoints
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 §3.3


def microsoft_endpoint(value: str, *, is_application: bool) -> str:
    """The endpoint as it is stored: ``https://host/<tenant>/oauth2/v2.0``. Raises ValidationError."""
    endpoint = value.strip().rstrip("/")
    for ending in _EXTRA:
        endpoint = endpoint.removesuffix(ending)
    try:
        authority = discovery.authority(endpoint)
    except MetadataError:
        raise ValidationError(
            _("Write the endpoint as https://host/<tenant>/oauth2/v2.0, for example %(example)s."),
            params={"example": _EXAMPLE},
        ) from None
    tenant = urlsplit(authority).path.strip("/")
    if not _is_tenant(tenant):
        raise ValidationError(
            _(
                "“%(tenant)s” is not a tenant. It is the directory's ID, one of its domains such as "
                "contoso.onmicrosoft.com, or one of common, organizations, consumers."
            ),
            params={"tenant": tenant},
        )
    if is_application and tenant.lower() in SHARED_TENANTS:
        raise ValidationError(
            _(
                "Application access needs your own tenant: with “%(tenant)s” nobody knows whose mailboxes are meant. "
                "For example: %(example)s"
            ),
            params={"tenant": tenant, "example": _EXAMPLE},
        )
    return f"{authority}/oauth2/v2.0"


def _is_tenant(tenant: str) -> bool:
    if tenant.lower() in SHARED_TENANTS or _DOMAIN.fullmatch(tenant):
        return True
    try:
        uuid.UUID(tenant)
    except ValueError:
        return False
    return True


def scope_list(value: str) -> str:
    """Scopes as stored: one space between them, each once. Raises ValidationError (RFC 6749 §3.3)."""
    if "," in value or ";" in value:
        raise ValidationError(_("Separate scopes by spaces or line breaks, not by commas."))
    scopes = list(dict.fromkeys(value.split()))
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise ValidationError(
                _("“%(scope)s” is not a scope: quotes, backslashes and accents cannot be in one."),
                params={"scope": scope},
            )
    return " ".join(scopes)


def one_resource(scopes: Mapping[str, Sequence[str]]) -> None:
    """Microsoft gives a token for one resource only. Raises ValidationError when ``scopes`` (by field) name more.

    The error is a dictionary: the fields that disagree with the first one.
    """
    first = ""
    wrong = {}
    for name, values in scopes.items():
        for scope in values:
            if scope in IDENTITY_SCOPES:
                continue
            resource = _resource(scope)
            first = first or resource
            if resource != first:
                wrong[name] = _(
                    "%(scope)s belongs to %(resource)s, other scopes to %(first)s. One consent covers receiving and "
                    "sending, and Microsoft gives a token for one of the two only. Take all scopes from one of them."
                ) % {"scope": scope, "resource": resource, "first": first}
    if wrong:
        raise ValidationError(wrong)


def application_scopes(value: str) -> None:
    """Microsoft's application access asks for ``<resource>/.default`` and nothing else. Raises ValidationError."""
    scopes = value.split()
    if scopes and (len(scopes) > 1 or not scopes[0].endswith("/.default")):
        raise ValidationError(
            _(
                "Application access asks for one resource as a whole: its address followed by /.default, for example "
                "%(example)s. What is allowed there is set at Microsoft."
            ),
            params={"example": "https://outlook.office365.com/.default"},
        )


def _resource(scope: str) -> str:
    """The resource of a scope; a name without an address belongs to Microsoft Graph."""
    return scope.rpartition("/")[0] or "https://graph.microsoft.com"
