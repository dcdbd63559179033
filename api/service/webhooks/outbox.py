"""The outbox of a ledger as couriers read it, whichever process writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.errors import Unavailable
from domain.notices import OF_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.stores.webhooks import Webhook
    from projections.outbox_reading import OutboxRows
    from projections.outbox_tables import OutboxEntry

EVERYTHING = 2**62
"""A position beyond all."""


class Reach(NamedTuple):
    """The position up to which everything is there that a webhook receives.

    ``is_current`` says that this is the head of the log, so that nothing is about to come.
    """

    upto: int
    is_current: bool


class OutboxReader:
    """Reads the notices of one ledger. Any thread may call.

    Raises:
        Corrupt: the tables of the projections are damaged. So do all its methods.
    """

    def __init__(self, rows: OutboxRows, head: Callable[[], int]) -> None:
        self._rows = rows
        self._head = head

    def read(self, after: int, limit: int) -> Sequence[OutboxEntry]:
        """The notices beyond a number, in order; nothing while they cannot be read."""
        try:
            return self._rows.notices(after, limit)
        except Unavailable:
            return ()

    def number_before(self, position: int) -> int:
        """The newest number before all notices found at a position or a later one."""
        try:
            return self._rows.number_before(position)
        except Unavailable:
            return 0

    def reach(self, webhook: Webhook) -> Reach:
        """How far everything is there that this webhook receives.

        What comes from several sources is sent by position: nothing is sent beyond the one that is
        furthest behind. A projection that has failed holds up nothing.
        """
        sources = self._rows.sources_of(webhook.events)
        if not sources:
            return Reach(EVERYTHING, is_current=True)
        head = self._head()
        try:
            upto = self._rows.reported_upto(sources)
        except Unavailable:
            upto = 0
        if upto is None:
            return Reach(EVERYTHING, is_current=True)
        is_alone = len(sources) == 1 and OF_EVENTS.isdisjoint(webhook.events)
        return Reach(EVERYTHING if is_alone else upto, is_current=upto >= head)
