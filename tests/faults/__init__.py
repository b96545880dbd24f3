"""Makes connections fail on purpose, and writes down what passed over them."""

from tests.faults.places import Hold
from tests.faults.proxy import TO_CLIENT, TO_SERVER, Conversation, FaultyProxy
from tests.faults.scripted import ScriptedServer, Turn

__all__ = [
    "TO_CLIENT",
    "TO_SERVER",
    "Conversation",
    "FaultyProxy",
    "Hold",
    "ScriptedServer",
    "Turn",
]
