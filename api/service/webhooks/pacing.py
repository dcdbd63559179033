"""How often and how long a message is tried, and how much is under way at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

SECOND = 1_000_000


@dataclass(frozen=True, kw_only=True)
class DeliveryPacing:
    """The pace of all deliveries of a server. Another one is handed in by tests."""

    delays_seconds: tuple[float, ...] = (5, 30, 120, 600, 1800, 3600, 7200, 14_400)
    """How long after each failed attempt the next one is made; the last counts for all further."""

    give_up_seconds: float = 86_400
    """A message that no attempt delivered for this long after the first one is given up."""

    attempt_seconds: float = 10
    """How long one attempt may take, from the look-up of the name to the end of the answer."""

    most_waiting: int = 1_000
    """How many messages of a webhook wait in memory. What is beyond waits in the store or in the
    log."""

    most_of_contact: int = 50
    """How many of these are of one contact: one that a receiver refuses leaves room for others."""

    most_kept: int = 10_000
    """How many messages of a webhook wait in the store before the log is read further."""

    at_once: int = 8
    """How many messages of different contacts a webhook gets at the same time."""

    failures: int = 3
    """After this number of failures in a row a webhook gets one message at a time, until one
    arrives."""

    rest_seconds: float = 60
    """How long such a webhook gets nothing between two attempts, at most: a message that its
    receiver refuses holds up the other contacts no longer."""

    poll_seconds: float = 1.0
    """How often it is looked at what only the clock brings, and what other processes wrote."""

    kept: int = 10_000
    """How many deliveries of a webhook are listed of each end, delivered and dead."""

    def next_at(self, message_id: UUID, attempts: int, at: int, retry_after: float | None) -> int:
        """When to try again after a number of attempts, the last of them at ``at``.

        Up to a fifth of the delay is added, which follows from the id: messages that failed
        together do not come together again. A receiver may ask for more time, up to a day.
        """
        delay = self.delays_seconds[min(attempts, len(self.delays_seconds)) - 1]
        share = (message_id.int + attempts * 7919) % 1000 / 5000
        seconds = delay * (1 + share)
        if retry_after is not None:
            seconds = max(seconds, min(retry_after, self.give_up_seconds))
        return at + int(seconds * SECOND)


DELIVERIES = DeliveryPacing()
"""The pace of a server: a day of attempts."""
