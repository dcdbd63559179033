"""The audit trail: what was ordered of a ledger or a server besides appending, by whom and when.

An act has two entries: one before it says that it was ordered, and one after it what came of it.
An order without an outcome is still under way, or its process ended before the act did, or it was
recorded by a program that knew no outcomes yet.

Each entry holds the hash of the one before, so that none can be changed, dropped from the middle or
slipped in unnoticed. The newest is noted elsewhere too: see ``ledger.access.heads``. The trail is
apart from the event log: acts are not facts about contacts. Nothing personal stands in it.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import RLock
from typing import TYPE_CHECKING, Any

from domain.errors import Corrupt
from ledger.access.heads import SERVER
from ledger.stores.sqlite.connections import connect
from ledger.stores.sqlite.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ledger.access.heads import TrailHeads
    from ledger.access.scopes import Principal

TRAIL_FILE = "trail.sqlite"

APPLICATION_ID = 0x52505054
"""Marks ``trail.sqlite`` as ours: "RPPT"."""

LOCK_SECONDS = 2.0
"""How long another process may hold the file; what is to be recorded waits meanwhile."""

BEGINNING = "0" * 64
"""What stands in the first entry for the hash of one before."""

ORDERED = "ordered"
"""Of an entry that stands before its act."""

DONE = "done"
"""The act happened."""

REFUSED = "refused"
"""A rule said no, and nothing was done."""

FAILED = "failed"
"""The act began and did not come to its end: an error, a cancellation or an interruption."""

OUTCOMES = (DONE, REFUSED, FAILED)

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS acts ("
    "number INTEGER PRIMARY KEY, at INTEGER NOT NULL, principal TEXT NOT NULL, "
    "act TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, "
    "previous TEXT NOT NULL, hash TEXT NOT NULL, outcome TEXT, ordered_by INTEGER)",
    "CREATE TRIGGER IF NOT EXISTS acts_stay BEFORE UPDATE ON acts"
    " BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END",
    "CREATE TRIGGER IF NOT EXISTS acts_remain BEFORE DELETE ON acts"
    " BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END",
)
_GROWN = (
    "ALTER TABLE acts ADD COLUMN outcome TEXT",
    "ALTER TABLE acts ADD COLUMN ordered_by INTEGER",
)
"""What files lack that were made before outcomes were recorded; they stand last, as in new ones."""

_COLUMNS = 10

_TELLS_OF = (
    "SELECT 1 FROM acts AS ordered WHERE act = ? AND ordered_by IS NULL AND number > "
    "(SELECT coalesce(max(number), 0) FROM acts WHERE act = ?) AND NOT EXISTS "
    "(SELECT 1 FROM acts AS ended WHERE ended.ordered_by = ordered.number"
    " AND ended.outcome IN ('refused', 'failed')) LIMIT 1"
)
_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Act:
    """One entry, numbered from 1. ``at`` is in microseconds of UTC, hashes are in hex.

    ``principal`` is the id of an access key, ``open`` or ``command-line``; ``subject`` says what
    was acted on, and ``detail`` more about it. ``outcome`` is ``ordered`` in the entry before the
    act, and one of ``OUTCOMES`` in the one after it, which names the former's number in ``of``.
    """

    number: int
    at: int
    principal: str
    act: str
    subject: str
    detail: Mapping[str, object]
    previous: str
    hash: str
    outcome: str = ORDERED
    of: int | None = None

    def is_sound(self) -> bool:
        """Whether its outcome and its ``of`` can stand together."""
        if self.of is None:
            return self.outcome == ORDERED
        return self.outcome in OUTCOMES and 0 < self.of < self.number

    def compute_hash(self) -> str:
        """SHA-256 of the entry as JSON with sorted keys and no white space, without its hash.

        An order is hashed without ``outcome`` and ``of``, as orders were before there were any.
        """
        shown: dict[str, object] = {
            "number": self.number,
            "at": self.at,
            "principal": self.principal,
            "act": self.act,
            "subject": self.subject,
            "detail": self.detail,
            "previous": self.previous,
        }
        if self.of is not None:
            shown |= {"outcome": self.outcome, "of": self.of}
        return hashlib.sha256(_canonical(shown).encode()).hexdigest()


class AuditTrail:
    """The acts of one ledger, or of the server. Any thread may call."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], int],
        heads: TrailHeads | None = None,
        name: str = SERVER,
        *,
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        """Open the file, or make it. Its newest entry is noted in ``heads`` under its ``name``.

        Another process may hold the file for ``lock_seconds``.

        Raises:
            Corrupt: it is damaged, or another program's.
            Unavailable: it cannot be opened or written.
        """
        self._path = path
        self._clock = clock
        self._heads = heads
        self._name = name
        self._lock = RLock()
        self._connection = connect(path, APPLICATION_ID, lock_seconds)
        try:
            with ledger_errors(path):
                for statement in _SCHEMA:
                    self._connection.execute(statement)
                self._grow()
                path.chmod(0o600)
        except BaseException:
            self._connection.close()
            raise

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
            row = self._connection.execute(
                "SELECT hash FROM acts WHERE number = ?", (ordered.number,)
            ).fetchone()
            if row != (ordered.hash,):
                return None
            return self._add(
                replace(ordered, detail=detail, outcome=outcome, of=ordered.number, hash="")
            )

    @contextmanager
    def _adding(self, told: str) -> Iterator[None]:
        """A transaction in which an entry may be added, noted elsewhere once it is durable."""
        with self._lock, ledger_errors(self._path, told):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            # A new chain does not replace the one that is gone.
            if self._heads is not None and self.missing() is None:
                newest = self._newest()
                if newest is not None:
                    self._heads.advance(self._name, newest[0], newest[1])

    def _add(self, entry: Act) -> Act:
        """Insert it as the newest: numbered, dated and chained."""
        number, previous, before = self._newest() or (0, BEGINNING, 0)
        at = max(self._clock(), before)
        entry = replace(entry, number=number + 1, at=at, previous=previous)
        entry = replace(entry, hash=entry.compute_hash())
        self._insert(entry)
        return entry

    def _newest(self) -> tuple[int, str, int] | None:
        row: tuple[int, str, int] | None = self._connection.execute(
            "SELECT number, hash, at FROM acts ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return row

    def _grow(self) -> None:
        """Give a file that was made before outcomes were recorded a place for them."""
        if self._columns() == _COLUMNS:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            if self._columns() != _COLUMNS:  # another process may have been first
                for statement in _GROWN:
                    self._connection.execute(statement)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _columns(self) -> int:
        return len(self._connection.execute("PRAGMA table_info(acts)").fetchall())

    def missing(self) -> int | None:
        """The number of the newest entry that is known, where it is not here any more.

        Raises:
            Corrupt: the file is damaged.
        """
        known = None if self._heads is None else self._heads.heads().get(self._name)
        if known is None:
            return None
        number, newest = known
        with self._lock, ledger_errors(self._path):
            row = self._connection.execute(
                "SELECT hash FROM acts WHERE number = ?", (number,)
            ).fetchone()
        return None if row == (newest,) else number

    def adopt(self, entries: Iterable[Act]) -> None:
        """Take over all entries of another file into this one, which must be empty, as they are.

        Raises:
            Corrupt: one is not what was recorded; none is taken.
            Unavailable: they could not be written; none was.
        """
        number, previous = 0, BEGINNING
        with self._lock, ledger_errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for entry in entries:
                    number += 1
                    right = (entry.number, entry.previous, entry.hash)
                    if right != (number, previous, entry.compute_hash()) or not entry.is_sound():
                        raise Corrupt(f"entry {number} of the audit trail is not as recorded")
                    previous = entry.hash
                    self._insert(entry)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def all(self) -> Iterator[Act]:
        """Every entry, in order, read in pages.

        Raises:
            Corrupt: an entry cannot be read.
        """
        return self._walk()

    def _insert(self, entry: Act) -> None:
        self._connection.execute(
            "INSERT INTO acts VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                entry.number, entry.at, entry.principal, entry.act, entry.subject,
                _canonical(entry.detail), entry.previous, entry.hash,
                None if entry.of is None else entry.outcome, entry.of,
            ),
        )  # fmt: skip

    def acts(self, *, after: int = 0, limit: int = 100) -> list[Act]:
        """Entries numbered beyond ``after``, in order.

        Raises:
            Corrupt: an entry cannot be read.
        """
        with self._lock, ledger_errors(self._path):
            rows = self._connection.execute(
                "SELECT * FROM acts WHERE number > ? ORDER BY number LIMIT ?", (after, limit)
            ).fetchall()
        return [_read(row, self._path) for row in rows]

    def verify(self) -> tuple[int, str]:
        """How many entries there are and the hash of the newest, once all have been checked.

        Raises:
            Corrupt: naming the first entry that is not what was recorded, or one that is gone.
        """
        if (gone := self.missing()) is not None:
            where = f"{self._path.parent.name}/{self._path.name}"
            raise Corrupt(
                f"{where}: entry {gone} of the audit trail was recorded and is gone: the file was "
                "deleted, cut off or exchanged; put it back from a backup"
            )
        number, previous = 0, BEGINNING
        for entry in self._walk():
            number += 1
            right = (entry.number, entry.previous, entry.hash)
            if right != (number, previous, entry.compute_hash()):
                where = f"{self._path.parent.name}/{self._path.name}"
                raise Corrupt(f"{where}: entry {number} of the audit trail is not as recorded")
            previous = entry.hash
        return number, previous

    def tells_of(self, act: str, *, since: str | None = None) -> bool:
        """Whether there is such an act, after the newest of another one where that is named.

        One that was refused or failed does not count; one without an outcome does.

        Raises:
            Corrupt: the file is damaged.
        """
        with self._lock, ledger_errors(self._path):
            row = self._connection.execute(_TELLS_OF, (act, since)).fetchone()
        return row is not None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _walk(self) -> Iterator[Act]:
        after = 0
        while page := self.acts(after=after, limit=_PAGE):
            yield from page
            after = page[-1].number


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _read(row: Any, path: Path) -> Act:
    number, at, principal, act, subject, detail, previous, hashed, outcome, of = row
    try:
        entry = Act(
            number=number,
            at=at,
            principal=principal,
            act=act,
            subject=subject,
            detail=json.loads(detail),
            previous=previous,
            hash=hashed,
            outcome=ORDERED if of is None and outcome is None else outcome,
            of=of,
        )
        sound = entry.is_sound()
    except (ValueError, TypeError):
        sound = False
    if not sound:
        where = f"{path.parent.name}/{path.name}"
        raise Corrupt(f"{where}: entry {number} of the audit trail is not as recorded")
    return entry
