"""The tree as files that never change: tiles of hashes and bundles of entries.

A tile of level L holds up to 256 consecutive nodes of the tree's level 8 * L; only full tiles are
hashed into the level above. Source: C2SP tlog-tiles v0.1.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from domain.errors import NotFound, Unproven
from ledger.transparency.merkle import HASH_BYTES, MOST_LEAVES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TILE_HEIGHT = 8
"""How many levels of the tree a tile spans."""

TILE_WIDTH = 256
"""How many hashes or entries a full tile or bundle has."""

TILE_BYTES = TILE_WIDTH * HASH_BYTES
"""The length of a full tile."""

MOST_LEVEL = 63
"""The highest level that a path can name."""

MOST_ENTRY_BYTES = 2**16 - 1
"""The longest entry that fits into a bundle."""

TILES_KEPT = 64
"""How many tiles ``TileHashes`` remembers, about 16 KiB each."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)"
    r"/(?P<n>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
_LONGEST_PATH = len("tile/entries/") + len("x000/") * 7 + len(".p/255")


class TilePathRefused(NotFound):
    """Nothing can be at this path: it is not one that the tree's files are given."""


class TileRefused(Unproven):
    """The bytes of a tile are not what a tile there would have."""


class BundleRefused(Unproven):
    """The bytes are not a bundle of entries."""


@dataclass(frozen=True)
class TileAt:
    """Which tile: the ``n``-th of its ``level``, from 0, with ``width`` hashes, 1 to 256."""

    level: int
    n: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        assert 0 <= self.level <= MOST_LEVEL, "levels are 0 to 63"
        _require_place(self.n, self.width)

    @property
    def path(self) -> str:
        """Where it is served, below the log's prefix.

        >>> TileAt(0, 1234, 8).path
        'tile/0/x001/234.p/8'
        """
        return f"tile/{self.level}/{_tile_path(self.n, self.width)}"


@dataclass(frozen=True)
class BundleAt:
    """Which bundle of entries: the ``n``-th, from 0, with ``width`` entries, 1 to 256."""

    n: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        _require_place(self.n, self.width)

    @property
    def path(self) -> str:
        """Where it is served, below the log's prefix.

        >>> BundleAt(7).path
        'tile/entries/007'
        """
        return f"tile/entries/{_tile_path(self.n, self.width)}"


def parse_tile_path(path: str) -> TileAt | BundleAt:
    """What stands at this path; the path is exactly ``.path`` of the answer.

    Raises:
        TilePathRefused: nothing has this path, such as one that writes a number in another way.
    """
    match = _PATH.fullmatch(path) if len(path) <= _LONGEST_PATH else None
    if match is None:
        raise TilePathRefused("this is not the path of a tile or a bundle")
    n = int(match["n"].replace("x", "").replace("/", ""))
    width = int(match["width"] or TILE_WIDTH)
    level = 0 if match["level"] == "entries" else int(match["level"])
    if n > MOST_LEAVES or width > TILE_WIDTH or level > MOST_LEVEL:
        raise TilePathRefused("no tile or bundle has such a number")
    found = BundleAt(n, width) if match["level"] == "entries" else TileAt(level, n, width)
    if found.path != path:
        raise TilePathRefused("this is another way to write the path of a tile or a bundle")
    return found


def tiles_of(size: int) -> Iterator[TileAt | BundleAt]:
    """Every tile and bundle of the tree of this size: tiles by level, then the bundles.

    The last of each level and the last bundle may be partial; empty ones there are none.

    >>> [at.path for at in tiles_of(257)][:3]
    ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']
    """
    level, count = 0, size
    while count:
        for n, width in _widths(count):
            yield TileAt(level, n, width)
        level, count = level + 1, count // TILE_WIDTH
    for n, width in _widths(size):
        yield BundleAt(n, width)


def changed_tiles(size: int, grown: int) -> Iterator[TileAt]:
    """Every tile of the tree of ``grown`` leaves that the tree of ``size`` has not, by level.

    >>> [at.path for at in changed_tiles(255, 257)]
    ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']
    """
    level = 0
    while grown > size:
        for n in range(size // TILE_WIDTH, -(-grown // TILE_WIDTH)):
            yield TileAt(level, n, min(TILE_WIDTH, grown - n * TILE_WIDTH))
        level, size, grown = level + 1, size // TILE_WIDTH, grown // TILE_WIDTH


def hashes_in(content: bytes) -> list[bytes]:
    """The hashes that stand in a tile, in order.

    Raises:
        TileRefused: they are not 1 to 256 whole hashes.
    """
    if len(content) % HASH_BYTES or not 0 < len(content) <= TILE_BYTES:
        raise TileRefused(f"a tile has 1 to {TILE_WIDTH} hashes, not {len(content)} bytes")
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


def tile_root(content: bytes) -> bytes:
    """The hash of a full tile, as it stands in the level above.

    Raises:
        TileRefused: it is not full.
    """
    if len(content) != TILE_BYTES:
        raise TileRefused(f"a full tile has {TILE_BYTES} bytes, not {len(content)}")
    return _levels(content)[TILE_HEIGHT]


def grown_tiles(
    size: int, leaves: Sequence[bytes], partial: Callable[[TileAt], bytes]
) -> Iterator[tuple[TileAt, bytes]]:
    """The tiles that change when a tree of ``size`` gets these leaves, given by their hashes.

    Each with all its hashes, by level and then by ``n``. ``partial`` reads the partial tiles of the
    tree of ``size``, at most one for each level.

    Raises:
        TileRefused: a partial tile has not the hashes that it should.
    """
    level, count, fresh = 0, size, b"".join(leaves)
    assert len(fresh) == len(leaves) * HASH_BYTES, "leaves are given by their hashes"
    while fresh:
        n, width = divmod(count, TILE_WIDTH)
        if width:
            fresh = _read(partial, TileAt(level, n, width)) + fresh
        above = []
        for number, start in enumerate(range(0, len(fresh), TILE_BYTES), n):
            content = fresh[start : start + TILE_BYTES]
            yield TileAt(level, number, len(content) // HASH_BYTES), content
            if len(content) == TILE_BYTES:
                above.append(tile_root(content))
        level, count, fresh = level + 1, n, b"".join(above)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of a bundle: each entry after its length, two bytes big-endian.

    Raises:
        BundleRefused: there are not 1 to 256 entries, or one has more than 65,535 bytes.
    """
    _require_count(len(entries))
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MOST_ENTRY_BYTES:
            raise BundleRefused(f"an entry of {len(entry)} bytes does not fit into a bundle")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_bundle(content: bytes, width: int | None = None) -> list[bytes]:
    """The entries of a bundle; ``width``, where given, is how many there have to be.

    Raises:
        BundleRefused: they are not 1 to 256 whole entries and nothing else, or not ``width``.
    """
    entries: list[bytes] = []
    start, end = 0, len(content)
    while start < end and len(entries) <= TILE_WIDTH:
        begin = start + 2
        start = begin + int.from_bytes(content[start:begin], "big")
        entries.append(content[begin:start])
    if start > end:
        raise BundleRefused(f"the bundle breaks off in its entry {len(entries) - 1}")
    _require_count(len(entries))
    if width is not None and len(entries) != width:
        raise BundleRefused(f"the bundle has {len(entries)} entries, not {width}")
    return entries


class TileHashes:
    """The complete nodes of the tree of ``size``, computed from its tiles.

    ``read`` gives the bytes of a tile that the tree of this size has: of exactly that width, also
    where the tile has grown since. The last few tiles are remembered. That tiles fit to each other
    is not checked here: what is proved from them has to lead to a root that is trusted. Any thread
    may ask, if any may read.
    """

    def __init__(self, read: Callable[[TileAt], bytes], size: int) -> None:
        self.size = size
        self._counts = [size >> TILE_HEIGHT * level for level in range(8)]
        self._levels = lru_cache(maxsize=TILES_KEPT)(lambda at: _levels(_read(read, at)))

    def node(self, level: int, n: int) -> bytes:
        """The root of the complete subtree of the leaves ``[n * 2**level, (n + 1) * 2**level)``.

        Raises:
            TileRefused: the tile it is computed from has not the length that it should.
        """
        assert n >= 0, "nodes are counted from 0"
        assert (n + 1) << level <= self.size, "the node is not complete"
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = n << height
        tile, place = divmod(first, TILE_WIDTH)
        width = min(TILE_WIDTH, self._counts[tile_level] - tile * TILE_WIDTH)
        start = (place >> height) * HASH_BYTES
        return self._levels(TileAt(tile_level, tile, width))[height][start : start + HASH_BYTES]


def _levels(content: bytes) -> list[bytes]:
    """The hashes of a tile, and of the complete nodes on each level above, side by side."""
    levels = [content]
    while len(content) >= 2 * HASH_BYTES:
        pairs = range(0, len(content) - 2 * HASH_BYTES + 1, 2 * HASH_BYTES)
        content = b"".join(
            [sha256(b"\x01" + content[at : at + 2 * HASH_BYTES]).digest() for at in pairs]
        )
        levels.append(content)
    return levels


def _read(read: Callable[[TileAt], bytes], at: TileAt) -> bytes:
    content = read(at)
    if len(content) != at.width * HASH_BYTES:
        raise TileRefused(f"{at.path} has {len(content)} bytes, not {at.width * HASH_BYTES}")
    return content


def _widths(count: int) -> Iterator[tuple[int, int]]:
    full, rest = divmod(count, TILE_WIDTH)
    for n in range(full):
        yield n, TILE_WIDTH
    if rest:
        yield full, rest


def _tile_path(n: int, width: int) -> str:
    rest, last = divmod(n, 1000)
    written = f"{last:03}"
    while rest:
        rest, group = divmod(rest, 1000)
        written = f"x{group:03}/{written}"
    return written if width == TILE_WIDTH else f"{written}.p/{width}"


def _require_place(n: int, width: int) -> None:
    assert 0 <= n <= MOST_LEAVES, "tiles are counted from 0"
    assert 1 <= width <= TILE_WIDTH, "a tile has 1 to 256 hashes"


def _require_count(count: int) -> None:
    if not 1 <= count <= TILE_WIDTH:
        raise BundleRefused(f"a bundle has 1 to {TILE_WIDTH} entries")
