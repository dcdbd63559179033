"""The members that follow from the events alone: an export writes them, a reader compares them.

One program makes them for both, so an archive is right if it holds, byte for byte, what its own
events make.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from domain.errors import Corrupt
from domain.events.governance import PersonalDataErased, PolicyPublished
from domain.events.referrals import ReferralReceived
from ledger.archive import layout
from ledger.archive.chunks import rows_written
from ledger.archive.readable import Reader, event_line
from ledger.identifiers import companion_id
from ledger.transparency.entries import entry
from ledger.transparency.merkle import Frontier, leaf_hashes
from ledger.transparency.tiles import (
    TILE_WIDTH,
    BundleAt,
    TileAt,
    encode_bundle,
    grown_tiles,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from ledger.stores.reading import EventColumns

Member = tuple[str, bytes]


class FaultAt(Corrupt):
    """An event is not as this program writes them, or stands where it cannot."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(f"position {position:,}: {why}")
        self.position = position
        self.why = why


class Body:
    """Events in, members out, a chunk at a time; counts what goes by."""

    def __init__(self, namespace: UUID | None = None) -> None:
        """With the ``namespace``, the ids that the ledger gave are checked too."""
        self._namespace = namespace
        self.position = 0
        self.by_type: Counter[str] = Counter()
        self.contacts = 0
        self.policies = 0
        self.erased: set[bytes] = set()
        """The contacts whose personal data was erased."""
        self.tree = Frontier()
        self.leaves: list[bytes] = []
        """The hashes of the leaves of the chunk that was taken last, not in ``tree`` yet."""
        self._recorded_at = 0
        self._reader = Reader()
        self._tiles = _Tiles()

    def take(self, rows: Sequence[EventColumns]) -> list[Member]:
        """The members of a chunk of events, in order.

        Raises:
            FaultAt: an event cannot be read, or cannot stand there.
        """
        first = self.position + 1
        lines: list[bytes] = []
        entries: list[bytes] = []
        policies: list[Member] = []
        for row in rows:
            recorded = self._next(row)
            lines.append(event_line(recorded))
            entries.append(entry(recorded.contact_id, row[2], row[3], recorded.recorded_at, row[4]))
            if isinstance(recorded.event, PolicyPublished):
                policies.append(self._policy(recorded))
            elif isinstance(recorded.event, PersonalDataErased):
                self.erased.add(row[1])
        self.leaves = leaf_hashes(entries)
        return [
            (layout.EVENTS.format(first=first), rows_written(rows)),
            (layout.READABLE.format(first=first), b"".join(lines)),
            *policies,
            *self._tiles.grow(entries, self.leaves),
        ]

    def _next(self, row: EventColumns) -> RecordedEvent:
        position, _, version, topic, _, _ = row
        if position != self.position + 1:
            raise FaultAt(self.position + 1, f"the event of position {position:,} stands here")
        if len(row[4]) > layout.MOST_EVENT_BYTES:
            raise FaultAt(position, f"its state has more than {layout.MOST_EVENT_BYTES:,} bytes")
        try:
            recorded = self._reader.read(row)
        except Corrupt as error:
            raise FaultAt(position, str(error)) from error
        if recorded.recorded_at < self._recorded_at:
            raise FaultAt(position, "it was recorded before the one before it")
        if not self._is_companion_right(recorded):
            raise FaultAt(position, "its id does not follow from the namespace of the ledger")
        self._recorded_at = recorded.recorded_at
        self.position = position
        self.by_type[topic] += 1
        self.contacts += version == 1 and topic != PolicyPublished.TYPE
        return recorded

    def _is_companion_right(self, recorded: RecordedEvent) -> bool:
        """Whether an event that the ledger wrote beside another one has the id that it gave."""
        if self._namespace is None or recorded.type != ReferralReceived.TYPE:
            return True
        because = recorded.causation_id
        return because is not None and companion_id(self._namespace, because) == recorded.id

    def _policy(self, recorded: RecordedEvent) -> Member:
        event: Any = recorded.event
        self.policies += 1
        if event.policy_version != self.policies:
            raise FaultAt(recorded.position, "a version of the policy is missing before it")
        return layout.POLICY.format(version=self.policies), layout.canonical(event.policy)

    def rest(self) -> Iterator[Member]:
        """The partial tiles and the partial bundle at the end of the log."""
        yield from self._tiles.rest()

    def counts(self) -> dict[str, object]:
        """What went by, as the manifest says it."""
        return {
            "events": self.position,
            "contacts": self.contacts,
            "policies": self.policies,
            "erased_contacts": len(self.erased),
            "types": dict(sorted(self.by_type.items())),
        }


class _Tiles:
    """The tiles and bundles of a growing log, each once: when it is full, or at the end."""

    def __init__(self) -> None:
        self._size = 0
        self._partial: dict[int, Member] = {}
        self._entries: list[bytes] = []

    def grow(self, entries: Sequence[bytes], leaves: Sequence[bytes]) -> Iterator[Member]:
        """Those that are full with these, bundles first."""
        first = self._size // TILE_WIDTH
        self._entries += entries
        full = len(self._entries) // TILE_WIDTH
        for n in range(full):
            part = self._entries[n * TILE_WIDTH : (n + 1) * TILE_WIDTH]
            yield layout.LOG + BundleAt(first + n).path, encode_bundle(part)
        del self._entries[: full * TILE_WIDTH]
        for at, content in grown_tiles(self._size, leaves, self._read):
            if at.width == TILE_WIDTH:
                self._partial.pop(at.level, None)
                yield layout.LOG + at.path, content
            else:
                self._partial[at.level] = (layout.LOG + at.path, content)
        self._size += len(entries)

    def _read(self, at: TileAt) -> bytes:
        return self._partial[at.level][1]

    def rest(self) -> Iterator[Member]:
        if self._entries:
            at = BundleAt(self._size // TILE_WIDTH, len(self._entries))
            yield layout.LOG + at.path, encode_bundle(self._entries)
        for _, member in sorted(self._partial.items()):
            yield member
