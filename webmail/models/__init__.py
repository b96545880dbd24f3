"""What the webmail keeps."""

from webmail.models.account import MailAccount
from webmail.models.mailbox import Mailbox
from webmail.models.message import Message, Part
from webmail.models.operation import RemoteOperation
from webmail.models.outgoing import OutgoingAttachment, OutgoingMessage
from webmail.models.policy import WebmailPolicy
from webmail.models.server import MailServer

__all__ = [
    "MailAccount",
    "MailServer",
    "Mailbox",
    "Message",
    "OutgoingAttachment",
    "OutgoingMessage",
    "Part",
    "RemoteOperation",
    "WebmailPolicy",
]
