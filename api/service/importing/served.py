"""Imports and their undoing in the background of what is served, one at a time in each ledger."""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from api.service.answers.imports import UndoneImport
from api.service.importing.fitting import HTTP, refuse_other_columns, refuse_other_kind
from api.service.importing.import_events import ImportEvents
from api.service.importing.import_ids import import_id_of
from api.service.importing.import_run import ImportRun
from api.service.importing.kept_imports import KEPT_DAYS, ImportRecord, KeptImports
from api.service.importing.lines import UnreadableFile
from api.service.importing.rows import rows_in
from api.service.importing.undoing import Undoing
from domain.decisions.reasons import refusal
from domain.errors import ImportNotFound, Invalid, LedgerError, Unavailable
from projections.operations import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.service.importing.import_events import Tally
    from api.service.importing.kept_imports import Upload
    from api.service.importing.mapping import FileMapping
    from ledger.ledger import Ledger
    from projections.operations import Operation, Operations, Work

IMPORT = "import"
UNDO = "undo"

APPENDING = (IMPORT, UNDO)
"""The kinds of operations that append."""

MOST_AT_ONCE = 4
"""How many imports and undos of a ledger may run or wait for each other."""

CONTINUES = "send the file again, and it continues where it ended"
"""How an import that did not come to its end continues."""

_TURN_SECONDS = 0.1


class TooManyImports(Unavailable):
    """No more imports are begun now."""


class Imports:
    """The imports of one ledger that is served. Any thread may call."""

    def __init__(
        self,
        ledger: Ledger,
        operations: Operations,
        clock: Callable[[], int],
        *,
        beside: bool = False,
    ) -> None:
        """``beside`` says that another process imports, and has the files of imports."""
        self.kept = KeptImports(ledger, clock, beside=beside)
        self._events = ImportEvents(ledger)
        self._ledger = ledger
        self._operations = operations
        self._clock = clock
        self._turn = threading.Lock()
        self._beginning = threading.Lock()
        self._runs: dict[UUID, ImportRun] = {}

    def begin(self, upload: Upload, mapping: FileMapping, record: ImportRecord) -> Operation:
        """Import the file that was sent, or try it; where the same is running, that is answered.

        ``record`` is what ``look_at`` answered. The operation has the id of the import. ``upload``
        is removed in any case.

        Raises:
            TooManyImports: enough of them are running already.
            Refused: ``ledger-for-audit``, because a ledger without its keys takes no events.
        """
        try:
            if self._ledger.for_audit:
                raise refusal("ledger-for-audit")
            subject = f"{IMPORT} {record.id}"

            def run(work: Work) -> Mapping[str, object]:
                return self._run(work, upload, mapping, record)

            with self._beginning:
                self._require_room()
                running = self._running(subject)
                if running is None:
                    self.kept.put(record)
                    running = self._operations.start(IMPORT, subject, run, record.id)
                    self._operations.when_ended(running, lambda _ended: upload.remove())
                else:
                    upload.remove()
        except BaseException:
            upload.remove()
            raise
        return running

    def undo(self, import_id: UUID) -> Operation:
        """Take back what an import appended; where that is running, it is answered.

        Raises:
            ImportNotFound: nothing was appended by it.
            Refused: ``import-running``, or the ledger has no namespace.
            TooManyImports: enough is running already.
        """
        subject = f"{UNDO} {import_id}"
        named = f"{IMPORT} {import_id}"
        if self._running(named) is not None:
            raise refusal("import-running")
        if self._running(subject) is None:
            self._require_room()
            self._require_known(import_id)

        def run(work: Work) -> Mapping[str, object]:
            with self._in_turn(work):
                undone = Undoing(self._ledger, import_id, work.advance).run()
            return UndoneImport.of(undone).plain()

        return self._operations.start(UNDO, subject, run)

    def get(self, import_id: UUID) -> ImportRecord:
        """What is known of an import, as it is now.

        It runs until its operation has ended, so that the file can be sent again at once after it.

        Raises:
            ImportNotFound: there was none.
        """
        is_running = self._running(f"{IMPORT} {import_id}") is not None
        run = self._runs.get(import_id)
        record = self.kept.get(import_id) if run is None else run.record
        if not is_running:
            return record
        return replace(record, state="running", problem=None, ended_at=None)

    def columns(self, record: ImportRecord) -> list[dict[str, object]]:
        """The columns of the file; none once its rejected rows are dropped."""
        return self.kept.columns(record)[1]

    def tally(self, import_id: UUID) -> tuple[Tally, int | None]:
        """What the ledger holds of an import, and when that was taken back, if it was."""
        found = self._events.tally(import_id)
        return found, self._events.undone_at(found)

    def look_at(self, upload: Upload, mapping: FileMapping, *, dry_run: bool) -> ImportRecord:
        """The record of an import of the file, which has not begun.

        Raises:
            Invalid: the file cannot be read with this mapping.
            Refused: the ledger has no namespace to make ids in.
        """
        with upload.open() as file:
            try:
                refuse_other_kind(mapping, file, HTTP)
                beside = partial(self._columns_beside, upload, mapping)
                columns = rows_in(file, mapping.shape, beside).columns_in_file
            except UnreadableFile as error:
                raise Invalid.at("", "unreadable-file", str(error)) from None
            refuse_other_columns(mapping, columns, HTTP)
            import_id = import_id_of(self._ledger.namespace, mapping, file)
        return ImportRecord(
            id=uuid5(import_id, "dry run") if dry_run else import_id,
            mapping=mapping.name,
            dry_run=dry_run,
            state="running",
            begun_at=self._clock(),
            position=self._ledger.head(),
        )

    def _require_known(self, import_id: UUID) -> None:
        """Let pass an import that appended something.

        Raises:
            ImportNotFound: it did not.
        """
        _ = self._ledger.namespace
        record: ImportRecord | None = None
        with suppress(ImportNotFound):
            record = self.kept.get(import_id)
        if record is not None and record.dry_run:
            raise ImportNotFound(f"{import_id} was a dry run, which appended nothing")
        if not (record and record.appended) and not self._events.tally(import_id).events:
            raise ImportNotFound(f"no import {import_id} appended anything to this ledger")

    def _columns_beside(self, upload: Upload, mapping: FileMapping) -> tuple[str, ...]:
        """The columns of the file that the rows of a reject file, which was sent, come from.

        Raises:
            UnreadableFile: they are not known any more.
        """
        with upload.open() as file:
            found = self.kept.columns_of_rejects(file, mapping.name)
        if found is None:
            raise UnreadableFile(
                "this is a reject file, and the columns of its rows are not known: name the columns"
                f" in [file] of the mapping. They are known for {KEPT_DAYS} days, until an erasure,"
                f" after an import with the mapping {mapping.name} over HTTP"
            )
        return found

    def _running(self, subject: str) -> Operation | None:
        return next((one for one in self._operations.running() if one.subject == subject), None)

    def _require_room(self) -> None:
        running = [one for one in self._operations.running() if one.kind in APPENDING]
        if len(running) >= MOST_AT_ONCE:
            raise TooManyImports(f"{MOST_AT_ONCE} imports and undos are running: wait for one")

    def _in_turn(self, work: Work) -> ExitStack:
        """Wait until no other import or undo of this ledger is under way."""
        while not self._turn.acquire(timeout=_TURN_SECONDS):
            work.check()
        stack = ExitStack()
        stack.callback(self._turn.release)
        return stack

    def _run(
        self, work: Work, upload: Upload, mapping: FileMapping, record: ImportRecord
    ) -> Mapping[str, object]:
        beside = partial(self._columns_beside, upload, mapping)
        run = ImportRun(self._ledger, self.kept, mapping, record, work, beside)
        self._runs[record.id] = run
        state = "failed"
        problem: str | None = "the import failed"
        try:
            with self._in_turn(work), upload.open() as file:
                run.run(file)
            state, problem = "succeeded", None
        except Cancelled:
            state, problem = "cancelled", f"the import was cancelled: {CONTINUES}"
            raise
        except LedgerError as error:
            problem = f"{error}; {CONTINUES}"
            raise
        finally:
            ended = replace(run.record, state=state, problem=problem, ended_at=self._clock())
            self.kept.put(ended)
            del self._runs[record.id]
        return {"id": str(record.id), "rows": ended.rows, "rejected": ended.rejected}
