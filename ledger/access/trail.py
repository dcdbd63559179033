"""The audit trail: what was ordered of a ledger or a server besides appending, by whom and when.

An act has two entries: one before it says that it was ordered, and one after it what came of it.
An order without an outcome is still under way, or its process ended before the act did, or it was
recorded by a program that knew no outcomes yet.

Each entry holds the hash of the one before, so that none can be changed, dropped from the middle or
slipped in unnoticed. A chain does not show that all of it is gone, so the newest entry is noted
elsewhere too: see ``ledger.stores.access.TrailHeads``. The trail is apart from the event log,
because acts are not facts about contacts. It holds nothing personal.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING

from domain.errors import Corrupt
from ledger.stores.access import BEGINNING, OUTCOMES, Act

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ledger.access.scopes import Principal
    from ledger.stores.access import TrailHeads, TrailStore

SERVER = ""
"""The name of the server's own trail; the others have their ledgers'."""

_PAGE = 500


class AuditTrail:
    """The acts of one ledger, or of the server. Any thread may call."""

    def __init__(
        self,
        store: TrailStore,
        clock: Callable[[], int],
        heads: TrailHeads | None = None,
        name: str = SERVER,
    ) -> None:
        """The trail in the store, whose newest entry is noted in ``heads`` under its ``name``."""
        self._store = store
        self._clock = clock
        self._heads = heads
        self._name = name
        self._lock = RLock()

    def record(self, principal: Principal, act: str, subject: str, **detail: object) -> Act:
        """Add an order: what is going to be done. It is durable before this returns.

        The code that records an order also concludes it: see ``ledger.access.orders``, which does
        both.

        Raises:
            Unavailable: it could not be written, and what it tells must not be done.
        """
        with self._adding(": nothing was done"):
            return self._add(
                Act(
                    number=0,
                    at=0,
                    principal=principal.id,
                    act=act,
                    subject=subject,
                    detail=detail,
                    previous="",
                    hash="",
                )
            )

    def conclude(self, ordered: Act, outcome: str, **detail: object) -> Act | None:
        """Add what came of an order; None where the order is not in this trail.

        That is so where the act took the ledger away together with its trail.

        Raises:
            Unavailable: it could not be written. The act happened, or did not, all the same.
        """
        assert outcome in OUTCOMES, f"{outcome} is not an outcome"
        with self._adding(f": the {ordered.act} of entry {ordered.number} is {outcome}"):
            if self._store.hash_of(ordered.number) != ordered.hash:
                return None
            return self._add(
                replace(ordered, detail=detail, outcome=outcome, of=ordered.number, hash="")
            )

    @contextmanager
    def _adding(self, told: str) -> Iterator[None]:
        """A transaction in which an entry may be added, noted elsewhere once it is durable."""
        with self._lock:
            with self._store.adding(told):
                yield
            # A new chain does not replace the one that is gone.
            if self._heads is not None and self.missing() is None:
                newest = self._store.newest()
                if newest is not None:
                    self._heads.advance(self._name, newest[0], newest[1])

    def _add(self, entry: Act) -> Act:
        """Insert it as the newest: numbered, dated and chained."""
        number, previous, before = self._store.newest() or (0, BEGINNING, 0)
        at = max(self._clock(), before)
        entry = replace(entry, number=number + 1, at=at, previous=previous)
        entry = replace(entry, hash=entry.compute_hash())
        self._store.insert(entry)
        return entry

    def missing(self) -> int | None:
        """The number of the newest entry that is known, where it is not here any more.

        Raises:
            Corrupt: the file is damaged.
        """
        known = None if self._heads is None else self._heads.heads().get(self._name)
        if known is None:
            return None
        number, newest = known
        with self._lock:
            return None if self._store.hash_of(number) == newest else number

    def adopt(self, entries: Iterable[Act]) -> None:
        """Take over all entries of another file into this one, which must be empty, as they are.

        Raises:
            Corrupt: one is not what was recorded; none is taken.
            Unavailable: they could not be written; none was.
        """
        number, previous = 0, BEGINNING
        with self._lock, self._store.adding(""):
            for entry in entries:
                number += 1
                right = (entry.number, entry.previous, entry.hash)
                if right != (number, previous, entry.compute_hash()) or not entry.is_sound():
                    raise Corrupt(f"entry {number} of the audit trail is not as recorded")
                previous = entry.hash
                self._store.insert(entry)

    def all(self) -> Iterator[Act]:
        """Every entry, in order, read in pages.

        Raises:
            Corrupt: an entry cannot be read.
        """
        return self._walk()

    def acts(self, *, after: int = 0, limit: int = 100) -> list[Act]:
        """Entries numbered beyond ``after``, in order.

        Raises:
            Corrupt: an entry cannot be read.
        """
        with self._lock:
            return self._store.entries(after, limit)

    def newest(self, limit: int) -> list[Act]:
        """The newest entries, in order.

        Raises:
            Corrupt: an entry cannot be read.
        """
        with self._lock:
            number, *_ = self._store.newest() or (0,)
            return self._store.entries(max(0, number - limit), limit)

    def verify(self) -> tuple[int, str]:
        """How many entries there are and the hash of the newest, once all have been checked.

        Raises:
            Corrupt: naming the first entry that is not what was recorded, or one that is gone.
        """
        if (gone := self.missing()) is not None:
            raise Corrupt(
                f"{self._store.name}: entry {gone} of the audit trail was recorded and is gone: "
                "the file was deleted, cut off or exchanged; put it back from a backup"
            )
        number, previous = 0, BEGINNING
        for entry in self._walk():
            number += 1
            right = (entry.number, entry.previous, entry.hash)
            if right != (number, previous, entry.compute_hash()):
                name = self._store.name
                raise Corrupt(f"{name}: entry {number} of the audit trail is not as recorded")
            previous = entry.hash
        return number, previous

    def tells_of(self, act: str, *, since: str | None = None) -> bool:
        """Whether there is such an act, after the newest of another one where that is named.

        One that was refused or failed does not count; one without an outcome does.

        Raises:
            Corrupt: the file is damaged.
        """
        with self._lock:
            return self._store.tells_of(act, since)

    def close(self) -> None:
        """Let the store go."""
        with self._lock:
            self._store.close()

    def _walk(self) -> Iterator[Act]:
        after = 0
        while page := self.acts(after=after, limit=_PAGE):
            yield from page
            after = page[-1].number
