"""A groupware in full use without servers: people, departments, mail worth reading, troubles, an outbox with every state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from groupware.audit.record import record
from groupware.organisation.models import Membership, Organisation, Unit
from groupware.users.models import User
from oauthservers.models import AuthorizationServer, Grant
from tests.browser.checked import furnish_checks
from tests.factories import shared
from tests.factories import webmail as make
from tests.sandbox.messages import letters
from webmail.models import (
    MailAccount,
    Mailbox,
    MailServer,
    Message,
    OutgoingMessage,
    WebmailPolicy,
)
from webmail.search import indexing

LONG_NAME = "Konstantin Alexandrovich Vorontsov-Dashkov of the Laboratory"
LONG_SUBJECT = "【重要】2026年度下期 全社情報システム更改に伴うメールアカウント再認証のお願いと作業手順のご案内"


@dataclass(frozen=True)
class Furnished:
    """What the pages of a crawl are about."""

    haruka: User
    admin: User
    inbox: Mailbox
    account: MailAccount
    troubled: MailAccount
    draft: OutgoingMessage
    unit: Unit
    authorization_server: AuthorizationServer
    mail_server: MailServer
    managed: MailAccount
    message_read_only: Message


def furnish(language: str = "en", appearance: str = "light") -> Furnished:
    """Everything at once; ``language`` and ``appearance`` are those of the two people who look at it."""
    dress = {"language": language, "appearance": appearance}
    Organisation.objects.create(name="Kamiya Stationery")
    WebmailPolicy.objects.create(allows_individual_servers=True)
    haruka = make.PersonFactory(username="haruka", display_name="田中 春香", **dress)
    admin = make.PersonFactory(
        username="admin", display_name=LONG_NAME, is_system_administrator=True, **dress
    )
    unit = _departments(haruka, admin)
    google, servers = _servers()
    account = _account(haruka, google, servers)
    troubled = _troubled_account(haruka, google, servers)
    draft = _outgoing(account)
    managed, shared_message = _shared_accounts(haruka, unit, google, servers)
    furnish_checks(troubled, account, haruka)
    record("users.session.started", actor=haruka, target=haruka)
    while indexing.index_batch():
        pass
    return Furnished(
        haruka,
        admin,
        make.inbox(account),
        account,
        troubled,
        draft,
        unit,
        google,
        servers["imap"],
        managed,
        shared_message,
    )


def _departments(*people: User) -> Unit:
    office = Unit.objects.create(key="head-office", name="Head office")
    sales = Unit.objects.create(key="sales", name="東京支店 営業部", parent=office)
    for person in people:
        Membership.objects.create(user=person, unit=sales, is_primary=True)
    return sales


def _servers() -> tuple[AuthorizationServer, dict[str, MailServer]]:
    google = make.AuthorizationServerFactory(
        key="google", name="Google Workspace", provider="google", endpoint=""
    )
    make.AuthorizationServerFactory(key="contoso", name="Contoso (Microsoft 365)", is_enabled=False)
    servers = {
        protocol: make.MailServerFactory(
            key=f"google-{protocol}",
            name=f"example.jp {protocol.upper()}",
            protocol=protocol,
            host=f"{protocol}.example.jp",
            port=port,
            authorization_server=google,
        )
        for protocol, port in (("imap", 993), ("pop3", 995), ("smtp", 465))
    }
    return google, servers


def _account(
    owner: User, google: AuthorizationServer, servers: dict[str, MailServer]
) -> MailAccount:
    """Haruka's mailbox with every letter of the sandbox that is hers."""
    address = "haruka@example.jp"
    account = make.account_with_folders(
        owner=owner,
        name="Work",
        address=address,
        display_name=owner.display_name,
        incoming_server=servers["imap"],
        outgoing_server=servers["smtp"],
        receive_authentication=MailAccount.ReceiveAuthentication.OAUTH2,
        receive_grant=make.GrantFactory(server=google, created_by=owner, mailbox_address=address),
        receive_health=MailAccount.Health.WORKING,
        send_health=MailAccount.Health.WORKING,
        received_at=timezone.now() - timedelta(minutes=2),
    )
    now = timezone.now()
    for letter in letters():
        if letter.mailbox == address:
            folder = account.mailboxes.filter(name=letter.folder).first() or make.inbox(account)
            make.received(
                folder,
                letter.raw,
                received_at=min(letter.received_at, now),
                is_seen="\\Seen" in letter.flags,
                is_flagged="\\Flagged" in letter.flags,
                is_answered="\\Answered" in letter.flags,
            )
    make.received(
        make.inbox(account),
        make.raw_message(
            subject=LONG_SUBJECT,
            From_=f"{LONG_NAME} <k@lab.example>",
            attachments=[("移行手順書 (最終版).pdf", "application/pdf", b"%PDF-1.7" * 4000)],
        ),
        received_at=now - timedelta(minutes=9),
        keywords=["$Forwarded"],
    )
    return account


def _troubled_account(
    owner: User, google: AuthorizationServer, servers: dict[str, MailServer]
) -> MailAccount:
    """An account whose permission was withdrawn."""
    address = "info@example.jp"
    grant = make.GrantFactory(
        server=google,
        created_by=owner,
        mailbox_address=address,
        state=Grant.State.REAUTHORIZATION_REQUIRED,
        state_since=timezone.now() - timedelta(hours=3),
        error_code="invalid_grant",
    )
    account = make.account_with_folders(
        owner=owner,
        name="Info desk",
        address=address,
        incoming_server=servers["pop3"],
        outgoing_server=servers["smtp"],
        receive_authentication=MailAccount.ReceiveAuthentication.OAUTH2,
        receive_grant=grant,
        receive_health=MailAccount.Health.OWNER_REQUIRED,
        receive_error_code="invalid_grant",
        receive_error_text="NO [AUTHENTICATIONFAILED] Invalid credentials",
        receive_error_since=timezone.now() - timedelta(hours=3),
    )
    make.received(make.inbox(account), make.raw_message(subject="Opening hours"))
    return account


def _shared_accounts(
    haruka: User, unit: Unit, google: AuthorizationServer, servers: dict[str, MailServer]
) -> tuple[MailAccount, Message]:
    """One that Haruka manages, with a typed server and a delegate, and one that her department may only read."""
    typed = make.MailServerFactory(
        is_individual=True, host="imap.kamiya.example", authorization_server=google
    )
    common = {"owner": None, "kind": MailAccount.Kind.SHARED, "outgoing_server": servers["smtp"]}
    managed = make.account_with_folders(
        **common,
        name="受注窓口",
        address="orders@example.jp",
        authorized_as="haruka@example.jp",
        incoming_server=typed,
        receive_authentication=MailAccount.ReceiveAuthentication.OAUTH2,
    )
    shared.give(managed, haruka, "manager")
    shared.give(managed, unit, "sender")
    shared.give(managed, make.PersonFactory(display_name=LONG_NAME, is_active=False))
    read_only = make.account_with_folders(
        **common, name="Press office", address="press@example.jp", incoming_server=servers["imap"]
    )
    shared.give(read_only, unit.parent)
    message = make.received(make.inbox(read_only), make.raw_message(subject="Press release"))
    return managed, message


def _outgoing(account: MailAccount) -> OutgoingMessage:
    """A draft, and one message of every state of the outbox; the draft is returned."""
    State = OutgoingMessage.State
    now = timezone.now()
    common = {"account": account, "queued_at": now, "envelope_to": ["sato@example.test"]}
    make.OutgoingMessageFactory(
        **common, subject="Tomorrow", state=State.QUEUED, send_after=now + timedelta(minutes=2)
    )
    make.OutgoingMessageFactory(
        **common, subject="On its way", state=State.SENDING, attempts=1, lease_expires_at=now
    )
    make.OutgoingMessageFactory(
        **common,
        subject="Refused",
        state=State.FAILED,
        attempts=1,
        error_code="submission_rejected",
        error_text="550 5.1.1 No such user here",
    )
    make.OutgoingMessageFactory(
        **common,
        subject=LONG_SUBJECT,
        state=State.UNCLEAR,
        attempts=1,
        error_code="submission_unclear",
    )
    return make.OutgoingMessageFactory(
        account=account, subject="見積書の件", to="鈴木 <suzuki@yamada.example>", text="鈴木様\n\n"
    )
