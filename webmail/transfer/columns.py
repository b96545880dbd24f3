"""The columns of a file of accounts. Their names are stable and the same as in a provisioning file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from webmail.models import MailAccount

YES = {"yes", "true", "1", "on", "はい", "oui", "да"}
NO = {"no", "false", "0", "off", "いいえ", "non", "нет"}


@dataclass(frozen=True)
class FileColumn:
    """One column: its name in the file, what it means, and a right value.

    ``attribute`` is the account's own column where text and figures go straight there.
    """

    name: str
    meaning: Any
    example: str
    attribute: str = ""
    choices: tuple[str, ...] = ()
    is_flag: bool = False
    is_secret: bool = False
    longest: int = 0


COLUMNS = (
    FileColumn(
        "kind",
        _("A personal or a shared account. Without it: personal when an owner is named."),
        "personal",
        choices=tuple(MailAccount.Kind.values),
    ),
    FileColumn("owner", _("User name of the person. Empty for a shared account."), "haruka"),
    FileColumn(
        "address",
        _("Mail address. Owner and address together say which account is meant."),
        "haruka@example.jp",
    ),
    FileColumn("name", _("Name of the account."), "Work", attribute="name", longest=120),
    FileColumn(
        "display_name",
        _("Sender name."),
        "Haruka Tanaka",
        attribute="display_name",
        longest=120,
    ),
    FileColumn(
        "authorized_as",
        _("Who signs in for a shared mailbox. Empty: the address itself."),
        "haruka@example.jp",
        attribute="authorized_as",
        longest=320,
    ),
    FileColumn("use", _("Receive and send with it."), "yes", attribute="is_enabled", is_flag=True),
    FileColumn("incoming_server", _("Key of the incoming mail server."), "microsoft-imap"),
    FileColumn(
        "receive_authentication",
        _("How receiving signs in."),
        "oauth2",
        attribute="receive_authentication",
        choices=tuple(MailAccount.ReceiveAuthentication.values),
    ),
    FileColumn(
        "receive_username",
        _("User name for receiving. Empty: the mail address."),
        "haruka@example.jp",
        attribute="receive_username",
        longest=320,
    ),
    FileColumn(
        "receive_password",
        _("Read in only, never written out. Empty: the one that is kept stays."),
        "",
        attribute="receive_password",
        is_secret=True,
    ),
    FileColumn(
        "leave_on_server",
        _("Leave mail on the server (POP3)."),
        "yes",
        attribute="leaves_on_server",
        is_flag=True,
    ),
    FileColumn(
        "delete_after_days",
        _("Delete from the server after days (POP3), 0 for never."),
        "0",
    ),
    FileColumn(
        "outgoing_server",
        _("Key of the outgoing mail server. Empty: this account does not send."),
        "microsoft-smtp",
    ),
    FileColumn(
        "send_authentication",
        _("How sending signs in."),
        "same_as_receiving",
        attribute="send_authentication",
        choices=tuple(MailAccount.SendAuthentication.values),
    ),
    FileColumn(
        "send_username",
        _("User name for sending. Empty: as for receiving."),
        "haruka@example.jp",
        attribute="send_username",
        longest=320,
    ),
    FileColumn(
        "send_password",
        _("Read in only, never written out. Empty: the one that is kept stays."),
        "",
        attribute="send_password",
        is_secret=True,
    ),
    FileColumn(
        "sent_copy",
        _("Who files the copy of sent mail."),
        "automatic",
        attribute="sent_copy",
        choices=tuple(MailAccount.SentCopy.values),
    ),
    FileColumn(
        "members",
        _(
            "People and departments of a shared account with reader, sender or manager, separated by spaces."
        ),
        "user:haruka=manager unit:sales=reader",
    ),
)
BY_NAME = {column.name: column for column in COLUMNS}
#: What an export holds: everything but secrets.
WRITTEN = tuple(column for column in COLUMNS if not column.is_secret)
