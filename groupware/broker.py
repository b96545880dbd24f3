"""Workers survive a Redis that goes away while a task runs.

kombu 5.7 then acknowledges, or hands back, the task over the channel that was just closed; the AttributeError of that
ends the whole worker. Here such an acknowledgement is left out: the task comes back by the visibility timeout and may
run twice, which every task allows, and the sweeps find its row long before.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis


class LastingQoS(redis.QoS):
    """Delivered tasks of one channel, acknowledged as long as the channel has a connection."""

    @property
    def _is_connected(self) -> bool:
        return getattr(self.channel.connection, "client", None) is not None

    def ack(self, delivery_tag: Any) -> None:
        """Tell Redis that a task is done."""
        if self._is_connected:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """Give a task back, or drop it."""
        if self._is_connected:
            super().reject(delivery_tag, requeue=requeue)

    def restore_unacked_once(self, stderr: Any = None) -> None:
        """Give back what was not acknowledged when the worker ends."""
        if self._is_connected:
            super().restore_unacked_once(stderr=stderr)


def install() -> None:
    """Let the Redis transport of this process use it."""
    redis.Channel.QoS = LastingQoS
