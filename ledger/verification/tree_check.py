"""The tree of the log, built again from the events and compared with what was stored and signed.

It holds the right edge of the tree and one tile of each level, whatever the size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ledger.transparency.merkle import HASH_BYTES, Frontier, leaf_hash
from ledger.transparency.tiles import TILE_HEIGHT, TILE_WIDTH, TileAt, grown_tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.verification.faults import Report

_TOGETHER = 16 * TILE_WIDTH
_NO_LEAF = bytes(HASH_BYTES)
"""Stands where an event is missing, so that what follows keeps its place."""


_MOST_DIFFERING = 1000
"""How many hashes that differ wait for the next roots, which tell whether it was the events."""


@dataclass(frozen=True)
class Milestone:
    """A root that was signed for a tree of this size; ``kept`` says where it was kept."""

    size: int
    root: bytes
    kept: str
    elsewhere: bool = False


class _Differing(NamedTuple):
    """A stored hash that is not that of the events from ``first`` to ``last``."""

    first: int
    last: int
    name: str

    def fault(self, good: int) -> tuple[int, str]:
        """Where and what that is, if the events up to ``good`` are known to be those signed for."""
        one = self.first == self.last
        if self.last <= good:
            signed = "event is the one" if one else "events are those"
            return self.first, f"{self.name}: the tile was changed, the {signed} signed for"
        if one:
            return self.first, f"{self.name} is not that of the event: either was changed"
        first = max(self.first, good + 1)
        detail = (
            f"is not that of its events: one from {first:,} to {self.last:,} was changed, or it"
        )
        return first, f"{self.name} {detail}"


class StoredTiles(Protocol):
    """Where the tiles of the log lie."""

    def tile(self, level: int, n: int) -> bytes | None:
        """All hashes of that tile, or None where there is none."""


class Regrowth:
    """Takes the leaves in order and reports whatever is not as it was stored or signed.

    ``sealed`` is the size of the tree whose tiles must be stored; ``milestones`` come by size.
    """

    def __init__(
        self,
        report: Report,
        milestones: Iterator[Milestone],
        tiles: StoredTiles | None,
        sealed: int,
    ) -> None:
        self._report = report
        self._tiles = tiles
        self._sealed = sealed
        self._frontier = Frontier()
        self._edge: list[bytes] = []
        self._leaves: list[bytes] = []
        self._grown = 0
        self._partial: dict[int, bytes] = {}
        self._wrong: set[tuple[int, int]] = set()
        self._missing = 0
        self._short = False
        self._milestones = milestones
        self._next = next(milestones, None)
        self._good = 0
        self._astray = False
        self._mismatches: list[tuple[int, Milestone]] = []
        self._differing: list[_Differing] = []
        self._pass_milestones()

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._frontier.size + len(self._edge)

    @property
    def root(self) -> bytes:
        """The root of all leaves so far."""
        self._take_edge()
        return self._frontier.root()

    def add(self, entry: bytes | None) -> None:
        """The entry of the next position, or None where there is no event of which to make one."""
        if entry is None:
            self._missing = self._missing or self.size + 1
            leaf = _NO_LEAF
        else:
            leaf = leaf_hash(entry)
        self._edge.append(leaf)
        self._leaves.append(leaf)
        if len(self._leaves) == _TOGETHER:
            self._take_leaves()
        if self._next is not None and self.size >= self._next.size:
            self._pass_milestones()

    def end(self) -> None:
        """Report what only the end shows: partial tiles, and signed events that are not there."""
        self._take_leaves()
        for level, content in sorted(self._partial.items()):
            self._compare(TileAt(level, self._grown >> TILE_HEIGHT * (level + 1)), content)
        self._report_differing(len(self._differing))
        self._report_mismatches()
        size = self.size
        while (milestone := self._next) is not None:
            detail = (
                f"{milestone.kept} speaks of {milestone.size:,} events, and there are {size:,}: "
                f"events were lost"
            )
            if milestone.elsewhere or not self._astray:
                self._report.add("checkpoints", size + 1, detail)
            self._astray = True
            self._next = next(self._milestones, None)

    def _take_edge(self) -> None:
        if self._edge:
            self._frontier.extend(self._edge)
            self._edge = []

    def _take_leaves(self) -> None:
        self._take_edge()
        for at, content in grown_tiles(self._grown, self._leaves, self._partial_hashes):
            if at.width == TILE_WIDTH:
                self._compare(at, content)
                self._partial.pop(at.level, None)
            else:
                self._partial[at.level] = content
        self._grown += len(self._leaves)
        self._leaves = []

    def _partial_hashes(self, at: TileAt) -> bytes:
        return self._partial[at.level]

    def _compare(self, at: TileAt, content: bytes) -> None:
        """Hold a stored tile against what its events give, as far as it must be stored."""
        width = min(TILE_WIDTH, (self._sealed >> TILE_HEIGHT * at.level) - at.n * TILE_WIDTH)
        if self._tiles is None or width <= 0:
            return
        stored = self._tiles.tile(at.level, at.n)
        name = f"tile {at.level}/{at.n}"
        first = ((at.n * TILE_WIDTH) << TILE_HEIGHT * at.level) + 1
        self._report.checked["tiles"] += 1
        if stored is None:
            self._report.add("tiles", first, f"{name} is missing")
            return
        if len(stored) < width * HASH_BYTES or len(stored) % HASH_BYTES:
            self._report.add("tiles", first, f"{name} has not the {width} hashes that it must have")
            return
        if stored[: width * HASH_BYTES] == content[: width * HASH_BYTES]:
            return
        for place in range(width):
            mine = content[place * HASH_BYTES : (place + 1) * HASH_BYTES]
            if not mine:
                self._reaches_beyond(at, name, place)
                return
            if mine != stored[place * HASH_BYTES : (place + 1) * HASH_BYTES]:
                self._differs(at, name, place, mine)

    def _reaches_beyond(self, at: TileAt, name: str, place: int) -> None:
        """Report where the events end before their tiles do, once and at the lowest level."""
        if self._short:
            return
        self._short = True
        first = (at.n * TILE_WIDTH + place) * TILE_WIDTH**at.level + 1
        detail = f"the hashes of {name} from {place} on stand for events that are not there"
        self._report.add("tiles", first, detail)

    def _differs(self, at: TileAt, name: str, place: int, mine: bytes) -> None:
        """Report a hash that differs, unless one below it did and was reported."""
        index = at.n * TILE_WIDTH + place
        self._wrong.add((at.level + 1, at.n))
        if mine == _NO_LEAF or (at.level, index) in self._wrong:
            return
        span = TILE_WIDTH**at.level
        self._differing.append(
            _Differing(index * span + 1, (index + 1) * span, f"hash {place} of {name}")
        )
        self._report_differing(len(self._differing) - _MOST_DIFFERING)

    def _pass_milestones(self) -> None:
        """Compare the root with all that were signed for this size."""
        size = self.size
        while (milestone := self._next) is not None and milestone.size <= size:
            if milestone.size == size:
                self._hold_against(milestone)
            self._next = next(self._milestones, None)

    def _hold_against(self, milestone: Milestone) -> None:
        self._report.checked["roots"] += 1
        if self._missing:
            return  # reported; no root can be derived beyond it
        if self.root == milestone.root:
            self._good = max(self._good, milestone.size)
            self._astray = False
            return
        if milestone.elsewhere or not self._astray:
            self._mismatches.append((self._good, milestone))
        self._astray = True

    def _report_differing(self, count: int) -> None:
        """Report some of the hashes that differ, as far as the roots up to now show more."""
        for _ in range(count):
            position, detail = self._differing.pop(0).fault(self._good)
            self._report.add("tiles", position, detail)

    def _report_mismatches(self) -> None:
        """Report the roots that were signed for other events, at the first that is known to differ.

        Where nothing is known but the root, it is one after the last tree that was as signed.
        """
        known = [
            fault.position
            for fault in self._report.faults
            if fault.position is not None and fault.place != "checkpoints"
        ]
        for good, milestone in self._mismatches:
            within = [position for position in known if good < position <= milestone.size]
            first = min(within, default=min(good + 1, milestone.size))
            since = f"from {good + 1:,} on" if good else "from the first on"
            detail = (
                f"the events up to {milestone.size:,} do not give the root that {milestone.kept} "
                f"signs: one {since} was changed, or another history was signed"
            )
            self._report.add("checkpoints", first, detail)
