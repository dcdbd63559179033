"""Imports of files, as events tell of them: by the end of their ``source``.

What an import appends has a ``source`` that ends in ``;import=`` and the import's id. What takes it
back again has ``undo`` and the same end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.events.governance import EventRetracted

if TYPE_CHECKING:
    from uuid import UUID

    from domain.recorded import RecordedEvent

UNDO = "undo"
"""Before the mark in the source of what an undo appends."""

_MARK = ";import="
_END = re.compile(f"(.*){_MARK}([0-9a-f-]{{36}})", re.DOTALL)

MARK_LENGTH = len(_MARK) + 36
"""How many characters the mark adds to a source."""


def source_of_import(source: str, import_id: UUID) -> str:
    """The source of what an import appends."""
    return f"{source}{_MARK}{import_id}"


def without_import(source: str | None) -> str | None:
    """The source as it is without the mark of an import.

    >>> without_import("till;import=00000000-0000-0000-0000-000000000001")
    'till'
    """
    return _parts(source)[0]


def import_of(source: str | None) -> str | None:
    """The id of the import that appended an event of this source, None where none did.

    What an undo appended is none of the import's events.
    """
    before, named = _parts(source)
    return None if before == UNDO else named


def is_undone_by(target: RecordedEvent, retraction: RecordedEvent) -> bool:
    """Whether a retraction of the target is part of undoing the import that appended it."""
    before, named = _parts(retraction.source)
    return (
        before == UNDO
        and isinstance(retraction.event, EventRetracted)
        and retraction.event.target == target.id
        and import_of(target.source) == named
    )


def _parts(source: str | None) -> tuple[str | None, str | None]:
    if source is None or _MARK not in source:
        return source, None
    found = _END.fullmatch(source)
    return (source, None) if found is None else (found[1], found[2])
