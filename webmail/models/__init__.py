"""What the webmail keeps."""

from webmail.models.account import MailAccount
from webmail.models.account_import import AccountImport
from webmail.models.check import MailboxCheck
from webmail.models.invitation import Invitation
from webmail.models.mailbox import Mailbox
from webmail.models.member import AccountMember
from webmail.models.message import Message, Part
from webmail.models.operation import RemoteOperation
from webmail.models.outgoing import OutgoingAttachment, OutgoingMessage
from webmail.models.policy import WebmailPolicy
from webmail.models.server import MailServer
from webmail.models.switchover import SwitchedAccount, Switchover

__all__ = [
    "AccountImport",
    "AccountMember",
    "Invitation",
    "MailAccount",
    "MailServer",
    "Mailbox",
    "MailboxCheck",
    "Message",
    "OutgoingAttachment",
    "OutgoingMessage",
    "Part",
    "RemoteOperation",
    "SwitchedAccount",
    "Switchover",
    "WebmailPolicy",
]
