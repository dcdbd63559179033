"""Domain objects as the shapes that clients read. Fields are added, never renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instants import format_instant

if TYPE_CHECKING:
    from uuid import UUID


Shape = dict[str, Any]


def instant(at: int | None) -> str | None:
    """An instant as clients read it, null where there is none."""
    return None if at is None else format_instant(at)


def identity(one: UUID | None) -> str | None:
    """An id as clients read it, null where there is none."""
    return None if one is None else str(one)
