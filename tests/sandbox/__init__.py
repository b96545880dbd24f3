"""A mail world of one's own on loopback: three authorization servers and a real mail server."""

from tests.sandbox.control import AuthorizationServer, TokenSet, callback_parameters
from tests.sandbox.people import PASSWORD, PEOPLE, Person
from tests.sandbox.sandbox import BadListener, MailServers, Sandbox, SandboxError, Service

__all__ = [
    "PASSWORD",
    "PEOPLE",
    "AuthorizationServer",
    "BadListener",
    "MailServers",
    "Person",
    "Sandbox",
    "SandboxError",
    "Service",
    "TokenSet",
    "callback_parameters",
]
