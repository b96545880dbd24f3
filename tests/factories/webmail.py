"""Rows of the webmail as tests need them: an account with folders, messages whose raw bytes lie in the raw store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import factory
from django.contrib.auth import get_user_model

from oauthservers.models import AuthorizationServer, Grant
from webmail import rawstore
from webmail.mime import parsing
from webmail.models import MailAccount, Mailbox, MailServer, Message, OutgoingMessage, Part

NOON = datetime(2026, 11, 12, 3, 0, tzinfo=UTC)


class PersonFactory(factory.django.DjangoModelFactory):
    """A person who may sign in."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    display_name = factory.Sequence(lambda n: f"Person {n}")


class AuthorizationServerFactory(factory.django.DjangoModelFactory):
    """A registered authorization server."""

    class Meta:
        model = AuthorizationServer

    key = factory.Sequence(lambda n: f"authorization-{n}")
    name = factory.Sequence(lambda n: f"Authorization server {n}")
    provider = "microsoft"
    client_id = "client"
    endpoint = "https://login.example.test/tenant/oauth2/v2.0"


class GrantFactory(factory.django.DjangoModelFactory):
    """A connection that somebody made."""

    class Meta:
        model = Grant

    server = factory.SubFactory(AuthorizationServerFactory)
    created_by = factory.SubFactory(PersonFactory)
    mailbox_address = "aoki@example.test"
    signed_in_as = factory.SelfAttribute("mailbox_address")
    subject = factory.Sequence(lambda n: f"subject-{n}")


class MailServerFactory(factory.django.DjangoModelFactory):
    """A registered mail server."""

    class Meta:
        model = MailServer

    key = factory.Sequence(lambda n: f"mail-{n}")
    name = factory.Sequence(lambda n: f"Mail server {n}")
    protocol = MailServer.Protocol.IMAP
    host = "imap.example.test"
    port = 993


class MailAccountFactory(factory.django.DjangoModelFactory):
    """A personal account with a password in both directions."""

    class Meta:
        model = MailAccount

    owner = factory.SubFactory(PersonFactory)
    name = "Work"
    address = factory.Sequence(lambda n: f"aoki{n}@example.test")
    display_name = "Aoki Haruka"
    incoming_server = factory.SubFactory(MailServerFactory)
    outgoing_server = factory.SubFactory(
        MailServerFactory, protocol=MailServer.Protocol.SMTP, host="smtp.example.test", port=465
    )
    receive_authentication = MailAccount.ReceiveAuthentication.PASSWORD
    receive_password = "correct horse"


class MailboxFactory(factory.django.DjangoModelFactory):
    """A folder; the inbox unless said otherwise."""

    class Meta:
        model = Mailbox

    account = factory.SubFactory(MailAccountFactory)
    name = "INBOX"
    role = Mailbox.Role.INBOX
    uid_validity = 1


class OutgoingMessageFactory(factory.django.DjangoModelFactory):
    """A draft."""

    class Meta:
        model = OutgoingMessage

    account = factory.SubFactory(MailAccountFactory)
    author = factory.SelfAttribute("account.owner")
    to = "sato@example.test"
    subject = "Minutes"
    text = "Here they are."
    version = 1


def account_with_folders(owner=None, **values) -> MailAccount:
    """An account with the folders that a mail server usually has; a shared one has no owner."""
    is_shared = values.get("kind") == MailAccount.Kind.SHARED
    account = MailAccountFactory(**({"owner": owner} if owner or is_shared else {}), **values)
    for name, role in (
        ("INBOX", Mailbox.Role.INBOX),
        ("Drafts", Mailbox.Role.DRAFTS),
        ("Sent", Mailbox.Role.SENT),
        ("Archive", Mailbox.Role.ARCHIVE),
        ("Junk", Mailbox.Role.JUNK),
        ("Trash", Mailbox.Role.TRASH),
        ("Projects/青木", Mailbox.Role.NONE),
    ):
        MailboxFactory(account=account, name=name, role=role)
    return account


def inbox(account: MailAccount) -> Mailbox:
    """The inbox of an account."""
    return account.mailboxes.get(role=Mailbox.Role.INBOX)


def raw_message(
    subject: str = "Minutes",
    text: str = "Here they are.",
    html: str = "",
    attachments: Iterable[tuple[str, str, bytes]] = (),
    **headers: str,
) -> bytes:
    """RFC 5322 bytes. ``attachments`` are (file name, content type, content); headers as ``From_``, ``To``, …"""
    mail = EmailMessage()
    mail["Subject"] = subject
    fields = {
        "From": "佐藤 <sato@example.test>",
        "To": "aoki@example.test",
        "Message-ID": f"<{abs(hash((subject, text, html)))}@example.test>",
        "Date": "Thu, 12 Nov 2026 12:00:00 +0900",
    }
    fields |= {name.strip("_").replace("_", "-"): value for name, value in headers.items()}
    for name, value in fields.items():
        if value:
            mail[name] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for filename, content_type, content in attachments:
        main, _, sub = content_type.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=filename)
    return mail.as_bytes()


def received(mailbox: Mailbox, raw: bytes | None = None, **values) -> Message:
    """A message in ``mailbox`` as receiving would have stored it; ``values`` override columns."""
    raw = raw if raw is not None else raw_message()
    parsed = parsing.parse(raw)
    number = mailbox.messages.count() + 1
    columns = {
        "account": mailbox.account,
        "mailbox": mailbox,
        "uid_validity": mailbox.uid_validity,
        "uid": number,
        "digest": rawstore.put(raw),
        "size": len(raw),
        "message_id": parsed.message_id,
        "in_reply_to": parsed.in_reply_to,
        "references": " ".join(parsed.references),
        "subject": parsed.subject,
        "sent_at": parsed.sent_at,
        "received_at": NOON + timedelta(minutes=number),
        "preview": parsed.preview,
        "has_attachments": parsed.has_attachments,
    }
    for name in ("from_", "to", "cc", "bcc", "reply_to"):
        column = "authors" if name == "from_" else name
        columns[column] = [[a.display_name, a.addr_spec] for a in getattr(parsed, name)]
    if parsed.from_:
        columns["from_name"] = parsed.from_[0].display_name
        columns["from_address"] = parsed.from_[0].addr_spec
    message = Message.objects.create(**(columns | values))
    for part in parsed.parts:
        Part.objects.create(
            message=message,
            number=part.number,
            content_type=part.content_type,
            charset=part.charset or "",
            disposition=part.disposition or "",
            filename=part.filename or "",
            content_id=part.content_id or "",
            size=part.size,
            is_attachment=part.is_attachment,
        )
    Mailbox.objects.filter(pk=mailbox.pk).update(
        total=mailbox.messages.count(), unseen=mailbox.messages.unseen().count()
    )
    return message
