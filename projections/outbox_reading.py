"""The outbox as it is read, by whichever process sends what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections import generations
from projections.generations import FAILED
from projections.outbox_tables import has_outbox, number_before, read_notices

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from projections.builds import ReadModel
    from projections.generations import Generation
    from projections.outbox_tables import OutboxEntry
    from projections.reporting import Reporter
    from projections.tables import TableReader, Transaction


def reporters_of(projections: Sequence[ReadModel]) -> Mapping[str, Reporter]:
    """The reporters of those projections that have one, by the projection's name."""
    return {one.name: one.reporter for one in projections if one.reporter is not None}


class OutboxRows:
    """The notices of one ledger. Any thread may call.

    Every method raises ``Unavailable`` where the tables cannot be read now, and ``Corrupt`` where
    they are damaged.
    """

    def __init__(self, store: TableReader, projections: Sequence[ReadModel]) -> None:
        self._store = store
        self._reporters = reporters_of(projections)
        self._exists = False

    def notices(self, after: int, limit: int) -> Sequence[OutboxEntry]:
        """The notices beyond a number, in order."""
        with self._store.read() as transaction:
            return read_notices(transaction, after, limit) if self._is_there(transaction) else ()

    def number_before(self, position: int) -> int:
        """The newest number before all notices found at a position or a later one."""
        with self._store.read() as transaction:
            return number_before(transaction, position) if self._is_there(transaction) else 0

    def sources_of(self, kinds: Collection[str]) -> list[str]:
        """The projections that report any of these kinds."""
        return [name for name, one in self._reporters.items() if not one.kinds.isdisjoint(kinds)]

    def reported_upto(self, names: Collection[str]) -> int | None:
        """The position up to which all of these projections have reported.

        None where they have all failed, so that nothing more will come.
        """
        with self._store.read() as transaction:
            current = [generations.current(transaction, name) for name in names]
        reached = [0 if one is None else one.position for one in current if not _has_failed(one)]
        return min(reached, default=None)

    def _is_there(self, transaction: Transaction) -> bool:
        self._exists = self._exists or has_outbox(transaction)
        return self._exists


def _has_failed(generation: Generation | None) -> bool:
    return generation is not None and generation.state == FAILED
