"""One run over a file that was sent to the server: first its columns, then its rows."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from api.service.importing.columns import look_at_columns
from api.service.importing.importer import Importer
from api.service.importing.kept_imports import COLUMNS, REJECTS
from api.service.importing.rejects import REJECTS_ENCODING, RejectStream
from api.service.importing.rows import rows_in
from api.service.importing.target import LedgerTarget

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from api.service.importing.encrypted_files import EncryptedWriter
    from api.service.importing.importer import Account
    from api.service.importing.kept_imports import ImportRecord, KeptImports
    from api.service.importing.mapping import FileMapping
    from api.service.importing.rows import DataFile
    from api.service.importing.vcards import CardFile
    from ledger.ledger import Ledger
    from projections.operations import Work

ROWS_BETWEEN_LOOKS = 500
"""The number of rows between two looks at the progress and at cancellation."""


class ImportRun:
    """One run. ``record`` says how far it is."""

    def __init__(
        self,
        ledger: Ledger,
        kept: KeptImports,
        mapping: FileMapping,
        record: ImportRecord,
        work: Work,
        columns_beside: Callable[[], tuple[str, ...]],
    ) -> None:
        """``columns_beside`` names the columns of a reject file's rows."""
        self._columns_beside = columns_beside
        self.record = record
        self._ledger = ledger
        self._kept = kept
        self._mapping = mapping
        self._work = work
        self._total = 0

    def run(self, file: BinaryIO) -> None:
        """Import every row, or try it, and write down each that was rejected.

        Raises:
            Cancelled: someone asked for the end; what was appended stays.
            LedgerError: the file cannot be read further, or the ledger can take no more.
        """
        self._look_at_columns(self._rows_in(file))
        with ExitStack() as closing:
            writer = closing.enter_context(self._kept.write(self.record, REJECTS))
            # csv writes text, and asks for nothing else of a file.
            text = cast("TextIO", _TextWriter(writer))
            rejects = RejectStream(text)
            target = LedgerTarget(self._ledger)
            if self.record.dry_run:
                scratch = closing.enter_context(self._kept.scratch())
                target = LedgerTarget(self._ledger.trial(scratch))
            importer = Importer(self._mapping, target, rejects.write, self.import_id)
            try:
                importer.run(self._rows_in(file), self._on_row)
            finally:
                self._note(importer.account)

    @property
    def import_id(self) -> UUID:
        """What stands in the source of the events."""
        return self.record.id

    def _rows_in(self, file: BinaryIO) -> DataFile | CardFile:
        return rows_in(file, self._mapping.shape, self._columns_beside)

    def _look_at_columns(self, rows: DataFile | CardFile) -> None:
        def look(count: int) -> None:
            self._total = count
            if count % ROWS_BETWEEN_LOOKS == 0:
                self._work.check()

        columns = look_at_columns(self._mapping, rows, look)
        with self._kept.write(self.record, COLUMNS) as writer:
            document = {
                "header": rows.columns_in_file,
                "columns": [column.as_document() for column in columns],
            }
            writer.write(json.dumps(document).encode())

    def _on_row(self, account: Account) -> None:
        if account.rows % ROWS_BETWEEN_LOOKS == 0:
            self._note(account)
            self._work.advance(account.rows, max(self._total, account.rows))

    def _note(self, account: Account) -> None:
        self.record = self.record.with_account(account)


class _TextWriter:
    """Text that is written, as the bytes that an encrypted file takes."""

    def __init__(self, writer: EncryptedWriter) -> None:
        self._writer = writer

    def write(self, text: str) -> int:
        """Write the text, of which a half of a character is written as a question mark."""
        self._writer.write(text.encode(REJECTS_ENCODING, errors="replace"))
        return len(text)
