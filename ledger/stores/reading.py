"""One ledger read beside the process that writes it, in pages that hold nothing up: a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ledger.stores.keys import KeyReader

if TYPE_CHECKING:
    from collections.abc import Sequence

EventColumns = tuple[int, bytes, int, str, bytes, bytes]
"""An event as it is stored: position, stream, version, topic, state, event id."""

CheckpointColumns = tuple[int, bytes, bytes, int]
"""A checkpoint as it is stored: size, root, note, signing instant."""


class LedgerReader(KeyReader, Protocol):
    """The events, keys and log of one ledger, which are only read.

    Every method raises ``Corrupt`` where a part is damaged and ``Unavailable`` where it cannot be
    read.
    """

    def close(self) -> None:
        """Close the parts."""

    def newest_checkpoint(self) -> CheckpointColumns | None:
        """The newest checkpoint; None where there is none."""

    def checkpoints(self, after_size: int, limit: int) -> Sequence[CheckpointColumns]:
        """A page of the checkpoints of trees beyond that size, by size."""

    def verifier_keys(self) -> Sequence[tuple[bytes, int, int | None]]:
        """Each public key of the log, when it was made and when retired; the newest first."""

    def rows(self, after: int, upto: int, limit: int) -> Sequence[EventColumns]:
        """A page of the events beyond a position up to another, in order."""

    def streams_with(self, topic: str, after: int) -> Sequence[bytes]:
        """The streams of the events of that topic beyond a position, each once, sorted."""
