"""Where events lie that are only tried: a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from ledger.stores.events import Row


class Scratch(Protocol):
    """Rows of events beside those of a ledger, gone once it is closed. For one thread."""

    def add(self, rows: Sequence[tuple[UUID, Row]]) -> None:
        """Put events there, each with its id."""

    def rows_by_id(self, event_ids: Sequence[UUID]) -> dict[UUID, Row]:
        """The events with these ids, by id; unknown ids are absent."""

    def rows_of_streams(self, streams: Sequence[UUID]) -> list[Row]:
        """The events of these streams, those of each by version."""

    def close(self) -> None:
        """Remove everything."""
