"""A ledger in a temporary folder, and imports into it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.importing.dry import DryRun
from api.importing.importer import Account, Importer, Reject
from api.importing.rows import open_rows
from api.importing.target import LedgerTarget
from domain.instants import parse_instant
from ledger.folder import DataFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.importing.importer import Sink
    from api.importing.mapping import FileMapping
    from ledger.ledger import Ledger

NOW = parse_instant("2026-03-01T12:00:00Z")


@contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    data = DataFolder.open(folder, clock=lambda: NOW)
    try:
        yield data.ledger("main")
    finally:
        data.close()


def imported(sink: Sink, mapping: FileMapping, path: Path) -> tuple[Account, list[Reject]]:
    rejects: list[Reject] = []
    with open_rows(path, mapping.shape) as rows:
        mapping.check_columns(rows.columns)
        account = Importer(mapping, sink, rejects.append).run(rows, lambda _account: None)
    return account, rejects


def imported_into(ledger: Ledger, mapping: FileMapping, path: Path) -> tuple[Account, list[Reject]]:
    return imported(LedgerTarget(ledger), mapping, path)


def dry_run(mapping: FileMapping, path: Path) -> tuple[Account, list[Reject]]:
    return imported(DryRun(lambda: NOW), mapping, path)


def content_of(ledger: Ledger) -> list[tuple[object, ...]]:
    """Every event but where and when it was recorded, in an order of its own."""
    events = ledger.log(limit=1_000_000)
    return sorted(
        (str(e.contact_id), e.occurred_at, str(e.id), e.type, str(e.event.show())) for e in events
    )
