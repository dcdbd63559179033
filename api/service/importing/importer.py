"""An import: rows in, batches of events appended, and an account of every row.

The rows of a batch share only a commit: each row that cannot be recorded is reported by itself. A
contact's registration is appended for itself, so that it stays if the contact's first row is
refused.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent import futures
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from api.service.importing.rejects import Reject
from api.service.importing.translation import DeferredRow, Names, Translation
from domain.errors import Conflict, Invalid, LedgerError, Refused
from ledger.drafts import Append
from ledger.identifiers import renewed_id, undo_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from uuid import UUID

    from api.service.importing.mapping import FileMapping
    from api.service.importing.rows import Row
    from api.service.importing.translation import TranslatedRow
    from ledger.drafts import AppendResult

BATCH_EVENTS = 1000
"""How many drafts are appended together."""

BATCHES_AHEAD = 3
"""How many batches may be under way while the next is read; few enough for a ledger's queue."""


class Sink(Names, Protocol):
    """The target of an import: a ledger, or a copy of one in a dry run."""

    def find_known(self, event_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the ids under which an event is recorded."""
        ...

    def append_each(self, appends: Sequence[Append]) -> Future[list[AppendResult | LedgerError]]:
        """Record each that can be recorded; answers when they are safe."""
        ...

    def find_registered(self, contact_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the contacts that are registered already."""
        ...


@dataclass(kw_only=True)
class Account:
    """What became of the rows so far: each is appended, already known, skipped, or rejected.

    ``not_addressed`` counts the refs that did not become addresses, because they are another's.
    """

    rows: int = 0
    appended: int = 0
    already_known: int = 0
    skipped: int = 0
    rejected: int = 0
    contacts_registered: int = 0
    not_addressed: int = 0
    seconds: float = 0.0

    @property
    def rows_per_second(self) -> int:
        """The rate over the whole import."""
        return round(self.rows / self.seconds) if self.seconds else 0


class Importer:
    """One run over one file."""

    def __init__(
        self,
        mapping: FileMapping,
        sink: Sink,
        on_reject: Callable[[Reject], None],
        import_id: UUID,
    ) -> None:
        """``import_id`` stands in the source of everything that is appended."""
        self.account = Account()
        self._mapping = mapping
        self._translation = Translation(mapping, sink, import_id)
        self._sink = sink
        self._on_reject = on_reject
        self._deferred: list[DeferredRow] = []
        self._under_way: deque[
            tuple[list[TranslatedRow], Future[list[AppendResult | LedgerError]]]
        ] = deque()

    def run(self, rows: Iterable[Row], on_row: Callable[[Account], None]) -> Account:
        """Import all rows; ``on_row`` hears after each. Answers when everything is recorded.

        Raises:
            LedgerError: the ledger can take no more, or the file cannot be read further; what was
            appended stays, and the next run continues from there.
        """
        started = time.monotonic()
        try:
            self._append(self._translate(rows), on_row)
            # Refunds come last, oldest first: their purchases are recorded now.
            self._append(self._pair(), on_row)
        finally:
            self.account.seconds = time.monotonic() - started
        return self.account

    def _append(
        self, translated: Iterable[TranslatedRow], on_row: Callable[[Account], None]
    ) -> None:
        """Append it all, and wait until it is recorded."""
        batch: list[TranslatedRow] = []
        drafts = 0
        try:
            for one in translated:
                batch.append(one)
                drafts += len(one.drafts())
                if drafts >= BATCH_EVENTS:
                    self._submit(batch)
                    batch, drafts = [], 0
                on_row(self.account)
            if batch:
                self._submit(batch)
        finally:
            while self._under_way:
                self._settle()

    def _translate(self, rows: Iterable[Row]) -> Iterator[TranslatedRow]:
        for group in self._groups(rows):
            try:
                translated = self._translation.translate(group)
            except (Invalid, Refused) as error:
                self._reject(group, error)
                continue
            if isinstance(translated, DeferredRow):
                self._deferred.append(translated)
            else:
                yield translated

    def _pair(self) -> Iterator[TranslatedRow]:
        self._deferred.sort(key=attrgetter("occurred_at"))
        for deferred in self._deferred:
            try:
                yield self._translation.pair(deferred)
            except (Invalid, Refused) as error:
                self._reject(deferred.rows, error)

    def _groups(self, rows: Iterable[Row]) -> Iterator[tuple[Row, ...]]:
        """The rows that are read together: each alone, or those of one key that follow another."""
        group: list[Row] = []
        left_out: Row | None = None
        for row in rows:
            self.account.rows += 1
            try:
                begins = not (group and self._mapping.is_of_group(row, group[0]))
                rule = self._translation.skip_rule(row, begins=begins)
            except Invalid as error:
                self._reject((row,), error)
                continue
            if rule is not None or (left_out and self._mapping.is_of_group(row, left_out)):
                self.account.skipped += 1
                if rule is not None:
                    left_out = row if rule.whole_group else None
                continue
            left_out = None
            if not self._mapping.grouped:
                yield (row,)
                continue
            if group and begins:
                yield tuple(group)
                group = []
            group.append(row)
        if group:
            yield tuple(group)

    def _without_known_registrations(self, batch: list[TranslatedRow]) -> list[TranslatedRow]:
        """The same without registrations that someone made already, perhaps in other words."""
        asked = [one.registration.contact_id for one in batch if one.registration is not None]
        registered = self._sink.find_registered(asked) if asked else set()
        return [
            replace(one, registration=None)
            if one.registration is not None and one.registration.contact_id in registered
            else one
            for one in batch
        ]

    def _with_new_ids(self, batch: list[TranslatedRow]) -> list[TranslatedRow]:
        """The same with new ids for events that undoing an import took back: they are new."""
        namespace = self._sink.namespace
        ids = {draft.id: draft.id for one in batch for draft in one.events if draft.id is not None}
        asked, undone = list(ids), 0
        while asked:
            retractions = {event_id: undo_id(namespace, ids[event_id]) for event_id in asked}
            known = self._sink.find_known(list(retractions.values()))
            asked = [
                event_id for event_id, retraction in retractions.items() if retraction in known
            ]
            undone += 1
            for event_id in asked:
                ids[event_id] = renewed_id(namespace, event_id, undone)
        if not undone > 1:
            return batch
        return [
            replace(
                one,
                events=tuple(
                    draft if draft.id is None else draft._replace(id=ids[draft.id])
                    for draft in one.events
                ),
            )
            for one in batch
        ]

    def _submit(self, batch: list[TranslatedRow]) -> None:
        batch = self._with_new_ids(self._without_known_registrations(batch))
        appends = [Append(drafts=(draft,)) for one in batch for draft in one.drafts()]
        self._under_way.append((batch, self._sink.append_each(appends)))
        if len(self._under_way) > BATCHES_AHEAD:
            self._settle()

    def _settle(self) -> None:
        """Wait for the oldest batch, and account for its rows.

        Raises:
            LedgerError: the ledger could not record what it had nothing against.
        """
        # Before it is taken out, so that who is interrupted while waiting still accounts for it.
        futures.wait([self._under_way[0][1]])
        batch, future = self._under_way.popleft()
        outcomes = iter(future.result())
        stopped: LedgerError | None = None
        for one in batch:
            stopped = self._settle_row(one, outcomes) or stopped
        if stopped is not None:
            raise stopped

    def _settle_row(
        self, one: TranslatedRow, outcomes: Iterator[AppendResult | LedgerError]
    ) -> LedgerError | None:
        """Account for a row by what became of its drafts; what stopped the ledger, if anything."""
        refused: LedgerError | None = None
        introduction: Invalid | None = None
        stopped: LedgerError | None = None
        fresh = 0
        # Not strict: the outcomes are those of all rows, one after the other.
        for draft, outcome in zip(one.drafts(), outcomes, strict=False):
            if isinstance(outcome, Invalid | Conflict):
                if draft is not one.registration:
                    refused = refused or introduction or outcome
                elif isinstance(outcome, Invalid):
                    introduction = outcome  # which is why the row's contact is unknown
                    if not one.events:
                        refused = outcome
            elif isinstance(outcome, LedgerError):
                stopped = outcome
            elif draft is one.registration:
                self.account.not_addressed += len(outcome.left_out)
                self.account.contacts_registered += not outcome.replayed
                fresh += not outcome.replayed and not one.events
            else:
                self.account.not_addressed += len(outcome.left_out)
                fresh += not outcome.replayed
        if refused is not None:
            self._reject(one.rows, refused)
        elif stopped is None and fresh:
            self.account.appended += len(one.rows)
        elif stopped is None:
            self.account.already_known += len(one.rows)
        return stopped

    def _reject(self, rows: Sequence[Row], error: LedgerError) -> None:
        for row in rows:
            self.account.rejected += 1
            self._on_reject(Reject.of(row.line, row.text, error))
