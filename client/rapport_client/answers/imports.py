"""Answers about imports of files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapport_client.answers.operations import Progress


@dataclass(frozen=True, kw_only=True)
class ListedImport:
    """What became of the rows of a file: each is appended, known, skipped or rejected.

    ``not_addressed`` counts refs that are another contact's. ``state`` is running,
    succeeded, failed or cancelled; ``problem`` says why it failed, and ``next_step`` how it
    continues.
    """

    id: UUID
    state: str
    mapping: str
    dry_run: bool
    rows: int
    appended: int
    known: int
    skipped: int
    rejected: int
    contacts_registered: int
    not_addressed: int
    begun_at: datetime
    ended_at: datetime | None
    progress: Progress
    problem: str | None
    next_step: str | None


@dataclass(frozen=True, kw_only=True)
class ImportColumn:
    """A column of a file, and why its values are ``suspicious``."""

    name: str
    suspicious: bool
    why: str | None


@dataclass(frozen=True, kw_only=True)
class Import(ListedImport):
    """An import with the columns of its file, while these are kept.

    ``events`` counts what the ledger holds of it, and ``retracted`` what was taken back of that.
    ``undone_at`` is None where it was not undone, or has appended since.
    """

    columns: tuple[ImportColumn, ...]
    events: int
    retracted: int
    undone_at: datetime | None
