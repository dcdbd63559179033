"""Short looks at what a store keeps of one ledger, none of which writes: a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from ledger.stores.events import Row


class PartCheck(NamedTuple):
    """What the store's own check says of one part: ``said`` is in the words of the store."""

    part: str
    is_sound: bool
    said: str
    has_projections: bool = False


class Examination(Protocol):
    """Looks at one ledger, whatever of it is damaged, also beside a server.

    Every method raises ``Corrupt`` where what it reads is damaged, and ``Unavailable`` where that
    cannot be read now.
    """

    def newest_event(self) -> Row | None:
        """The newest event; None where there is none."""

    def event_ids(self) -> AbstractContextManager[Iterator[bytes]]:
        """The ids by which events are found again, by position; reading on raises too."""

    def part_checks(self) -> Sequence[PartCheck]:
        """The store's own check of each part; what cannot be checked is not sound."""

    def projections_position(self) -> int | None:
        """The position of the furthest projection; None where there is none."""
