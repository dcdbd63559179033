"""An import: rows in, batches of events appended, and an account of every row.

Batches are appended whole; a batch that is refused is appended again row by row, so that each row
that cannot be recorded is told apart from its neighbours.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from api.importing.translation import Names, Translated, Translation
from domain.errors import Conflict, Invalid, LedgerError, Refused
from ledger.drafts import Append

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from uuid import UUID

    from api.importing.mapping import FileMapping
    from api.importing.rows import Row
    from ledger.drafts import Appended, Draft

BATCH_EVENTS = 400
"""How many drafts are appended together, below the 500 that a transaction is meant to hold."""

BATCHES_AHEAD = 3
"""How many batches may be under way while the next is read."""

ROWS_AHEAD = 50
"""How many rows of a refused batch are under way at once."""


class Sink(Names, Protocol):
    """Where an import goes: a ledger, or what stands in for one in a dry run."""

    def append(self, append: Append) -> Future[Appended]:
        """Record the drafts together or not at all; answers when they are safe."""
        ...

    def registered(self, contact_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the contacts whom someone registered already."""
        ...


@dataclass(frozen=True)
class Reject:
    """A row that became no event: where it stands, what it says, and why."""

    line: int
    row: str
    code: str
    detail: str

    @classmethod
    def of(cls, row: Row, error: LedgerError) -> Reject:
        """The reject of a row by this error."""
        code = error.reason if isinstance(error, Refused) else error.code
        if isinstance(error, Invalid) and error.errors:
            code = error.errors[0].code
            details = (f"{one.pointer} {one.detail}".strip() for one in error.errors)
            return cls(row.line, row.text, code, "; ".join(details))
        return cls(row.line, row.text, code, str(error))


@dataclass(kw_only=True)
class Account:
    """What became of the rows so far: each is appended, already known, or rejected."""

    rows: int = 0
    appended: int = 0
    already_known: int = 0
    rejected: int = 0
    contacts_registered: int = 0
    seconds: float = 0.0

    @property
    def rows_per_second(self) -> int:
        """The rate over the whole import."""
        return round(self.rows / self.seconds) if self.seconds else 0


class Importer:
    """One run over one file."""

    def __init__(
        self, mapping: FileMapping, sink: Sink, on_reject: Callable[[Reject], None]
    ) -> None:
        self.account = Account()
        self._translation = Translation(mapping, sink)
        self._sink = sink
        self._on_reject = on_reject
        self._under_way: deque[tuple[list[Translated], Future[Appended]]] = deque()

    def run(self, rows: Iterable[Row], on_row: Callable[[Account], None]) -> Account:
        """Import all rows; ``on_row`` hears after each. Answers when everything is recorded.

        Raises:
            LedgerError: the ledger can take no more, or the file cannot be read further; what was
                appended stays, and running again goes on from there.
        """
        started = time.monotonic()
        try:
            for batch in self._batches(rows, on_row):
                self._submit(batch)
        finally:
            while self._under_way:
                self._settle()
            self.account.seconds = time.monotonic() - started
        return self.account

    def _batches(
        self, rows: Iterable[Row], on_row: Callable[[Account], None]
    ) -> Iterator[list[Translated]]:
        batch: list[Translated] = []
        drafts = 0
        for row in rows:
            self.account.rows += 1
            try:
                batch.append(self._translation.translate(row))
                drafts += len(_drafts(batch[-1]))
            except Invalid as error:
                self._reject(row, error)
            if drafts >= BATCH_EVENTS:
                yield batch
                batch, drafts = [], 0
            on_row(self.account)
        if batch:
            yield batch

    def _introduced(self, batch: list[Translated]) -> list[Translated]:
        """The same without registrations that someone made already, perhaps in other words."""
        asked = [one.registration.contact_id for one in batch if one.registration is not None]
        registered = self._sink.registered(asked) if asked else set()
        return [
            replace(one, registration=None)
            if one.registration is not None and one.registration.contact_id in registered
            else one
            for one in batch
        ]

    def _submit(self, batch: list[Translated]) -> None:
        batch = self._introduced(batch)
        drafts = tuple(draft for one in batch for draft in _drafts(one))
        self._under_way.append((batch, self._sink.append(Append(drafts=drafts))))
        if len(self._under_way) > BATCHES_AHEAD:
            self._settle()

    def _settle(self) -> None:
        """Wait for the oldest batch; where it was refused, append its rows one by one."""
        batch, future = self._under_way.popleft()
        try:
            appended = future.result()
        except (Invalid, Conflict):
            for place in range(0, len(batch), ROWS_AHEAD):
                self._append_singly(batch[place : place + ROWS_AHEAD])
            return
        fresh = {event.id for event in appended.events if not event.replayed}
        for one in batch:
            self._tally(one, fresh)

    def _append_singly(self, batch: Sequence[Translated]) -> None:
        waiting = [
            (one, [self._sink.append(Append(drafts=(draft,))) for draft in _drafts(one)])
            for one in batch
        ]
        for one, futures in waiting:
            fresh: set[UUID] = set()
            try:
                for future in futures:
                    fresh |= {e.id for e in future.result().events if not e.replayed}
            except (Invalid, Conflict) as error:
                self.account.contacts_registered += len(fresh)
                self._reject(one.row, error)
            else:
                self._tally(one, fresh)

    def _tally(self, one: Translated, fresh: set[UUID]) -> None:
        new = one.draft.id in fresh
        registered = one.registration is not None and one.registration.id in fresh
        self.account.appended += new
        self.account.already_known += not new
        self.account.contacts_registered += registered

    def _reject(self, row: Row, error: LedgerError) -> None:
        self.account.rejected += 1
        self._on_reject(Reject.of(row, error))


def _drafts(one: Translated) -> tuple[Draft, ...]:
    return (one.draft,) if one.registration is None else (one.registration, one.draft)
