"""Runs of "Check this mailbox" for the pages: one that has found something, one under way."""

from __future__ import annotations

from django.utils import timezone

from groupware.users.models import User
from webmail.check_steps import Step
from webmail.models import MailAccount, MailboxCheck

_WORKS = {"server": "Exchange Online"}


def furnish_checks(finished: MailAccount, running: MailAccount, person: User) -> None:
    """A run that ended with a switch at the provider, and one of which some steps are known."""
    MailboxCheck.objects.create(
        account=finished,
        started_by=person,
        state=MailboxCheck.State.DONE,
        finished_at=timezone.now(),
        steps=[step.stored() for step in (*_authorization(), *_receiving(), *_sending(finished))],
    )
    MailboxCheck.objects.create(
        account=running,
        started_by=person,
        state=MailboxCheck.State.RUNNING,
        steps=[step.stored() for step in _receiving()[:3]],
    )


def _authorization() -> list[Step]:
    names = ("name", "connection", "certificate", "server_name", "metadata", "keys")
    works = [
        Step("authorization", key, True, server="Contoso", milliseconds=40, state="active")
        for key in names
    ]
    second = Step(
        "authorization",
        "client",
        True,
        code="client_by_second",
        server="Contoso",
        milliseconds=210,
        state="trouble",
    )
    return [*works, second]


def _receiving() -> list[Step]:
    return [
        Step(
            "receive", "name", True, "outlook.office365.com → 192.0.2.10", milliseconds=12, **_WORKS
        ),
        Step(
            "receive",
            "connection_tls",
            True,
            "outlook.office365.com:993",
            milliseconds=85,
            **_WORKS,
        ),
        Step("receive", "secret", True, found="token", milliseconds=3, **_WORKS),
        Step("receive", "sign_in", True, milliseconds=410, **_WORKS),
        Step("receive", "capabilities", True, "IDLE IMAP4rev1 MOVE UIDPLUS UNSELECT", **_WORKS),
        Step("receive", "imap", True, found=12431, milliseconds=96, **_WORKS),
    ]


def _sending(account: MailAccount) -> list[Step]:
    works = {"server": "Exchange Online (SMTP)"}
    return [
        Step("send", "name", True, "smtp.office365.com → 192.0.2.11", milliseconds=9, **works),
        Step("send", "connection", True, "smtp.office365.com:587", milliseconds=60, **works),
        Step("send", "secret", True, found="token", milliseconds=2, **works),
        Step(
            "send",
            "sign_in",
            False,
            facts="Sending by SMTP is switched off for this mailbox",
            code="smtp_auth_disabled_for_mailbox",
            health="administrator_required",
            mailbox=account.address,
            server_text="535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled "
            "for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.",
            milliseconds=530,
            **works,
        ),
    ]
