"""What follows from the server's answer, and what people decide about a message without one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from groupware.audit.record import record
from groupware.leases import Lease, is_free
from oauthservers.models import AuthorizationServer
from webmail import actions, local_changes, parser, rawstore
from webmail.failures import Failure
from webmail.models import MailAccount, Mailbox, Message, OutgoingMessage, Part, RemoteOperation

State = OutgoingMessage.State
Role = Mailbox.Role
# Both file what is submitted with the person's own sign-in into Sent themselves.
_FILES_IT_ITSELF = (AuthorizationServer.Kind.MICROSOFT, AuthorizationServer.Kind.GOOGLE)


def sent(lease: Lease, refused: dict[str, str]) -> None:
    """The server took it. ``refused``: the recipients that it did not take, with its words."""
    parsed = _parsed_copy(_read(lease.pk))
    with transaction.atomic():
        if lease.rows.filter(state=State.SENDING).update(**_as_sent(), refused=refused):
            _follow_up(_read(lease.pk), parsed)


def failed(lease: Lease, failure: Failure, refused: dict[str, str]) -> None:
    """The server does not want it; nothing is tried again by itself."""
    with transaction.atomic():
        if lease.rows.filter(state=State.SENDING).update(
            state=State.FAILED,
            error_code=failure.code,
            error_text=failure.server_text,
            refused=refused,
        ):
            record(
                "webmail.message.refused", target=_read(lease.pk), details={"code": failure.code}
            )


def unclear(lease: Lease, code: str, text: str) -> None:
    """Nobody knows whether the server took it."""
    with transaction.atomic():
        if lease.rows.filter(state=State.SENDING).update(
            state=State.UNCLEAR, error_code=code, error_text=text
        ):
            record("webmail.message.left_unclear", target=_read(lease.pk), details={"code": code})


def reconcile(account_pk: int) -> int:
    """Settle unclear messages that turned up in a folder of their account; return how many did."""
    settled = 0
    for outgoing in OutgoingMessage.objects.filter(
        is_free(), account=account_pk, state=State.UNCLEAR
    ):
        copies = Message.objects.filter(account=account_pk, message_id=outgoing.message_id)
        if copies.exclude(mailbox__role=Role.DRAFTS).exists():
            settled += confirm_arrived(outgoing)
    return settled


def confirm_arrived(outgoing: OutgoingMessage) -> bool:
    """An unclear message did arrive: it counts as sent."""
    parsed = _parsed_copy(_read(outgoing.pk))
    with transaction.atomic():
        settled = OutgoingMessage.objects.filter(pk=outgoing.pk, state=State.UNCLEAR).update(
            **_as_sent()
        )
        if settled:
            _follow_up(_read(outgoing.pk), parsed)
    outgoing.refresh_from_db()
    return bool(settled)


def send_again(outgoing: OutgoingMessage) -> bool:
    """A person decided that an unclear message goes out once more, at the risk of a second copy."""
    return _queue_again(outgoing, State.UNCLEAR)


def retry(outgoing: OutgoingMessage) -> bool:
    """Send a refused message once more, or a waiting one now."""
    return _queue_again(outgoing, State.FAILED) or _queue_again(outgoing, State.QUEUED)


def resume(account_pk: int) -> int:
    """Send what waits for this account now: its settings or its authorization changed."""
    waiting = OutgoingMessage.objects.filter(
        is_free(), account=account_pk, state=State.QUEUED, attempts__gt=0
    )
    return waiting.update(send_after=timezone.now())


def _queue_again(outgoing: OutgoingMessage, state: str) -> bool:
    now = timezone.now()
    changed = OutgoingMessage.objects.filter(is_free(now), pk=outgoing.pk, state=state).update(
        state=State.QUEUED,
        send_after=now,
        queued_at=now,
        phase="",
        error_code="",
        error_text="",
        refused={},
    )
    outgoing.refresh_from_db()
    return bool(changed)


def _as_sent() -> dict[str, Any]:
    return {
        "state": State.SENT,
        "sent_at": timezone.now(),
        "phase": "accepted",
        "error_code": "",
        "error_text": "",
    }


def _read(pk: int) -> OutgoingMessage:
    related = (
        "account__incoming_server",
        "account__receive_grant__server",
        "account__send_grant__server",
        "original",
    )
    return OutgoingMessage.objects.select_related(*related).get(pk=pk)


def _follow_up(outgoing: OutgoingMessage, parsed: dict[str, Any] | None) -> None:
    """File the copy, mark the original, tell the audit log; inside the transaction that makes it sent."""
    account = outgoing.account
    if account.receives_by_pop3:
        if parsed is not None:
            _keep_local_copy(outgoing, parsed)
    elif not server_files_copy(account):
        RemoteOperation.objects.create(
            account=account,
            kind=RemoteOperation.Kind.APPEND,
            mailbox=local_changes.folder_with_role(account, Role.SENT),
            outgoing=outgoing,
            arguments={"flags": ["\\Seen"]},
        )
    if outgoing.original_id and outgoing.kind != OutgoingMessage.Kind.NEW:
        original = Message.objects.filter(pk=outgoing.original_id)
        actions.mark_answered(original, forwarded=outgoing.kind == OutgoingMessage.Kind.FORWARD)
    recipients = len(outgoing.envelope_to) - len(outgoing.refused)
    record(
        "webmail.message.sent",
        actor=outgoing.author,
        target=outgoing,
        details={"recipients": recipients},
    )


def server_files_copy(account: MailAccount) -> bool:
    """Whether the mail server puts a copy into the account's Sent by itself.

    It files what it takes in the mailbox that signed in. When a delegate sends for a shared mailbox, that is the
    delegate's own (Exchange, unless MessageCopyForSentAsEnabled is set for the shared one).
    """
    if account.sent_copy != MailAccount.SentCopy.AUTOMATIC:
        return account.sent_copy == MailAccount.SentCopy.SERVER
    if account.sends_as_delegate:
        return False
    grant = account.effective_send_grant
    return grant is not None and grant.server.provider in _FILES_IT_ITSELF


def _parsed_copy(outgoing: OutgoingMessage) -> dict[str, Any] | None:
    """The columns of a POP3 account's local copy; None where no copy is kept here.

    Parsing may take long, so it is done before the transaction begins. Raises RawMissingError.
    """
    if not outgoing.account.receives_by_pop3:
        return None
    raw = rawstore.read(outgoing.digest)
    fields = parser.parse(raw) or {
        "parts": [],
        "body_state": Message.Body.QUARANTINED,
        "sent_at": None,
    }
    return fields | {"size": len(raw)}


def _keep_local_copy(outgoing: OutgoingMessage, parsed: dict[str, Any]) -> None:
    """A POP3 account has its Sent folder here."""
    folder = local_changes.folder_with_role(outgoing.account, Role.SENT)
    copies = Message.objects.filter(Q(mailbox=folder), message_id=outgoing.message_id)
    if copies.exists():
        return
    fields = dict(parsed)
    parts = fields.pop("parts")
    message = Message.objects.create(
        **fields | {"message_id": outgoing.message_id, "sent_at": outgoing.queued_at},
        account=outgoing.account,
        mailbox=folder,
        digest=outgoing.digest,
        is_seen=True,
        received_at=outgoing.sent_at or timezone.now(),
    )
    Part.objects.bulk_create(Part(message=message, **part) for part in parts)
    Mailbox.objects.filter(pk=folder.pk).update(
        total=folder.messages.filter(is_deleted=False).count()
    )
