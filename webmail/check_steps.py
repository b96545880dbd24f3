"""A step of the check of a mailbox: facts and codes only, so that it is kept as JSON and read in any language."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from groupware.sentences import joined
from oauthservers import findings
from webmail import remedies
from webmail.error_messages import RECEIVE, SEND, Advice, advise
from webmail.error_table import OWNER

AUTHORIZATION = "authorization"

_LABELS: dict[str, Any] = {
    "name": gettext_lazy("Name of the server"),
    "connection": gettext_lazy("Connection"),
    "connection_tls": gettext_lazy("Connection with TLS"),
    "starttls": gettext_lazy("STARTTLS"),
    "secret": gettext_lazy("Access token or password"),
    "sign_in": gettext_lazy("Sign-in"),
    "capabilities": gettext_lazy("Capabilities"),
    "imap": gettext_lazy("Inbox"),
    "pop3": gettext_lazy("Mailbox"),
    "smtp": gettext_lazy("Sender"),
    "message": gettext_lazy("Test message"),
}
_FOUND: dict[str, Any] = {
    "token": gettext_lazy("Access token at hand"),
    "password": gettext_lazy("Password at hand"),
    "nothing": gettext_lazy("None is used"),
}
GROUPS: dict[str, Any] = {
    AUTHORIZATION: gettext_lazy("Authorization server"),
    RECEIVE: gettext_lazy("Receiving"),
    SEND: gettext_lazy("Sending"),
}


@dataclass(frozen=True)
class Step:
    """One step. ``key`` is what was tried; ``facts`` are untranslated, ``found`` a code or a number of messages.

    ``health`` is the state (``MailAccount.Health``) that a failure leads to, ``server`` the name of the server asked.
    """

    direction: str
    key: str
    is_fine: bool
    facts: str = ""
    found: str | int = ""
    code: str = ""
    health: str = ""
    server: str = ""
    mailbox: str = ""
    server_text: str = ""
    milliseconds: int = 0
    state: str = ""  # of a step of the authorization server, as its own check list draws it

    def stored(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    @property
    def label(self) -> str:
        """What was tried."""
        return label_of(self.direction, self.key)

    @property
    def detail(self) -> str:
        """What was found."""
        if isinstance(self.found, int):
            return ngettext("%(count)s message", "%(count)s messages", self.found) % {
                "count": number_format(self.found, force_grouping=True)
            }
        return str(_FOUND[self.found]) if self.found else self.facts

    @property
    def advice(self) -> Advice | None:
        """What to do, for a step that failed."""
        if self.is_fine or self.direction == AUTHORIZATION:
            return None
        return advise(self.code, self.direction, self.health)

    @property
    def needs_authorization(self) -> bool:
        """Whether somebody has to sign in before this step can succeed."""
        return not self.is_fine and (
            self.health == "owner_required" or self.code == "not_authorized"
        )

    def explanation(self, owner: str = "") -> str:
        """What a step that failed means and whose turn it is; ``owner`` says so when it is not the reader's."""
        if self.direction == AUTHORIZATION:
            finding = findings.Finding(self.key, self.state, self.code, self.facts)
            return findings.explanation(finding, self.server)
        told = self.advice
        if told is None:
            return ""
        who = owner if owner and told.who == str(OWNER) else told.who
        return joined(told.headline, told.still_works, who)

    @property
    def steps(self) -> tuple[str, ...]:
        """What an administrator does about it."""
        if self.is_fine or self.direction == AUTHORIZATION:
            return ()
        return remedies.steps(self.code, server=self.server, mailbox=self.mailbox)


def label_of(direction: str, key: str) -> str:
    """What a step tries, in the reader's language."""
    labels = findings.LABELS if direction == AUTHORIZATION else _LABELS
    return str(labels[key])


def line_of(step: Step) -> str:
    """A step as a line of a report, for whoever helps."""
    mark = "OK    " if step.is_fine else "FAILED"
    words = [f"{mark} {GROUPS[step.direction]} · {step.label}"]
    words += [step.detail] if step.detail else []
    words += [f"[{step.code}]"] if step.code else []
    took = _("%(milliseconds)d ms") % {"milliseconds": step.milliseconds}
    line = " · ".join([*words, took])
    return f"{line}\n       {step.server_text}" if step.server_text else line
