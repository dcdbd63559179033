"""Imports of files: what became of their rows, and what undoing one came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

from api.service.answers.document import Document, Instant
from api.service.answers.projections import Operation, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.service.importing import kept_imports, undoing
    from api.service.importing.import_events import Tally


class ListedImport(Document):
    """The rows of a file and their outcomes: each is appended, known, skipped or rejected.

    `known` rows were recorded before. `not_addressed` counts refs that did not become addresses,
    because they are another contact's. `next_step` says how to continue; it is null while the
    import is running, and where nothing is left to do.
    """

    id: UUID
    state: Literal["running", "succeeded", "failed", "cancelled"]
    mapping: str
    dry_run: bool
    rows: int
    appended: int
    known: int
    skipped: int
    rejected: int
    contacts_registered: int
    not_addressed: int
    begun_at: Instant
    ended_at: Instant | None
    progress: Progress
    problem: str | None
    next_step: str | None

    @classmethod
    def fields_of(
        cls, record: kept_imports.ImportRecord, progress: Progress | None
    ) -> dict[str, Any]:
        """The fields, where ``progress`` is that of its operation, if that is remembered."""
        rows = record.rows
        return {
            **{name: getattr(record, name) for name in _SAME},
            "progress": progress or Progress(done=rows, total=rows, rate=0, eta_seconds=None),
            "next_step": next_step(record),
        }


_SAME = (
    "id", "state", "mapping", "dry_run", "rows", "appended", "known", "skipped", "rejected",
    "contacts_registered", "not_addressed", "begun_at", "ended_at", "problem",
)  # fmt: skip  # one name a line would bury the class


def next_step(record: kept_imports.ImportRecord) -> str | None:
    """How an import continues, in a sentence."""
    if record.state == "running":
        return None
    if record.state != "succeeded":
        return "Send the file again: rows that are recorded are known then."
    if record.dry_run:
        return "Nothing was appended: send the file without dry_run to append it."
    if record.rejected:
        return "Mend the rejected rows or the mapping, and send the file again."
    return None


class ImportColumn(Document):
    """A column of the file, and why its values are `suspicious`, in words."""

    name: str
    suspicious: bool
    why: str | None


class Import(ListedImport):
    """An import, with the columns of its file while its rejected rows are kept.

    `events` counts what the ledger holds of it, of every time that it was sent, and `retracted`
    what was taken back of that. `undone_at` is when it was last taken back; it is null where it was
    not, or has appended since.
    """

    columns: tuple[ImportColumn, ...]
    events: int
    retracted: int
    undone_at: Instant | None

    @classmethod
    def of(
        cls,
        record: kept_imports.ImportRecord,
        progress: Progress | None,
        columns: Sequence[Mapping[str, Any]],
        tally: Tally,
        undone_at: int | None,
    ) -> Self:
        """An import as it is now; ``undone_at`` is in microseconds of UTC."""
        fields = cls.fields_of(record, progress)
        if undone_at is not None and record.state != "running":
            fields["next_step"] = "It was undone: send the file again to append its rows again."
        return cls(
            **fields,
            columns=tuple(map(_column, columns)),
            events=tally.events,
            retracted=tally.retracted,
            undone_at=undone_at,
        )


def _column(document: Mapping[str, Any]) -> ImportColumn:
    return ImportColumn.model_validate(dict(document))


class RestingEvent(Document):
    """An event that stands, and the retracted one that opened what it speaks of."""

    contact_id: UUID
    event_id: UUID
    type: str
    rests_on: UUID


class UndoneImport(Document):
    """The result of undoing an import.

    Of its `events`, some were `retracted` now, some already, and `kept` counts by type those that
    have no retraction. `contacts` are those that the import registered and that have only
    their registration now; `resting` are standing events about something that was retracted, such
    as refunds of purchases. Lists hold the first 10,000.
    """

    id: UUID
    events: int
    retracted: int
    already_retracted: int
    kept: dict[str, int]
    contacts_left: int
    contacts: tuple[UUID, ...]
    resting_events: int
    resting: tuple[RestingEvent, ...]
    seconds: float

    @classmethod
    def of(cls, undone: undoing.Undone) -> Self:
        """What one run came to."""
        return cls(
            id=undone.import_id,
            events=undone.events,
            retracted=undone.retracted,
            already_retracted=undone.already_retracted,
            kept=dict(sorted(undone.kept.items())),
            contacts_left=undone.contacts_left,
            contacts=tuple(undone.contacts),
            resting_events=undone.resting,
            resting=tuple(RestingEvent.model_validate(one) for one in undone.resting_events),
            seconds=round(undone.seconds, 3),
        )


class UndoOperation(Operation):
    """Undoing an import, as it is now."""

    result: UndoneImport | None  # type: ignore[assignment]  # narrower than an operation of any kind
