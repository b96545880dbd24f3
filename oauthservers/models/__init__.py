"""Authorization servers, authorization requests and the grants that came of them."""

from oauthservers.models.grant import Grant, GrantQuerySet
from oauthservers.models.request import AuthorizationRequest
from oauthservers.models.revocation import PendingRevocation
from oauthservers.models.server import AuthorizationServer

__all__ = [
    "AuthorizationRequest",
    "AuthorizationServer",
    "Grant",
    "GrantQuerySet",
    "PendingRevocation",
]
