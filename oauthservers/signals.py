"""What other apps may want to know at once. Receivers run in the sender's process and must not wait for a network."""

from django.dispatch import Signal

#: A grant was made, renewed by a person, ended, erased, or came back after trouble. Argument: ``grant``.
grant_changed = Signal()

#: An administrator has registered a server from a preset. Arguments: ``server``, ``preset``, ``mail_servers`` (those of
#: the preset that were ticked). A receiver returns how many it linked.
server_registered = Signal()

#: Who uses a grant? Receivers answer with a list of lines for its owner. Argument: ``grant``.
uses_wanted = Signal()
