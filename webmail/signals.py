"""What webmail tells others."""

from django.dispatch import Signal

#: An account was given up (sender ``MailAccount``; ``account``). Sent within the transaction; ``receive_grant`` and
#: ``send_grant`` of the account are still set, so that who looks after connections can end those nobody else uses.
account_removed = Signal()
