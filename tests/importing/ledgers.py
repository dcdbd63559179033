"""A ledger in a temporary folder, and imports into it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.service.importing.import_ids import import_id_of
from api.service.importing.importer import Account, Importer
from api.service.importing.rows import open_rows
from api.service.importing.target import LedgerTarget
from domain.instants import parse_instant
from ledger.dry_run import open_dry_run
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from api.service.importing.mapping import FileMapping
    from api.service.importing.rejects import Reject
    from ledger.ledger import Ledger

NOW = parse_instant("2026-03-01T12:00:00Z")


@contextmanager
def opened(folder: Path, clock: Callable[[], int] = lambda: NOW) -> Iterator[Ledger]:
    data = DataFolder.open(folder, SqliteStore, clock=clock)
    try:
        yield data.ledger("main")
    finally:
        data.close()


def imported_into(ledger: Ledger, mapping: FileMapping, path: Path) -> tuple[Account, list[Reject]]:
    rejects: list[Reject] = []
    import_id = import_of_file(ledger, mapping, path)
    with open_rows(path, mapping.shape) as rows:
        mapping.check_columns(rows.columns_in_file)
        account = Importer(mapping, LedgerTarget(ledger), rejects.append, import_id).run(
            rows, lambda _account: None
        )
    return account, rejects


def import_of_file(ledger: Ledger, mapping: FileMapping, path: Path) -> UUID:
    """The id of the import of this file."""
    with path.open("rb") as file:
        return import_id_of(ledger.namespace, mapping, file)


def dry_run(
    mapping: FileMapping, path: Path, folder: Path | None = None
) -> tuple[Account, list[Reject]]:
    """An import into a copy of the folder, or of one that is not there yet."""
    folder = path.parent / "not there" if folder is None else folder
    with open_dry_run(folder, "main", SqliteStore, clock=lambda: NOW) as ledger:
        return imported_into(ledger, mapping, path)


def content_of(ledger: Ledger) -> list[tuple[object, ...]]:
    """Every event but where and when it was recorded, in an order of its own."""
    events = ledger.log(limit=1_000_000)
    return sorted(
        (str(e.contact_id), e.occurred_at, str(e.id), e.type, str(e.event.show())) for e in events
    )
