from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.merkle import (
    Frontier,
    ProofRefused,
    consistency_proof,
    inclusion_proof,
    root,
    verify_inclusion,
)
from ledger.transparency.tiles import (
    TILE_BYTES,
    TILE_WIDTH,
    BundleAt,
    BundleRefused,
    TileAt,
    TileHashes,
    TileRefused,
    decode_bundle,
    encode_bundle,
    grown_tiles,
    hashes_in,
    tile_root,
    tiles_of,
)
from tests.ledger.transparency.mutations import flipped, many_things_wrong, one_thing_wrong
from tests.ledger.transparency.trees import RecursiveTree, leaves

SIZE = 66_000
"""A full tile of level 1, a partial one, and a first of level 2."""

TREE = RecursiveTree(leaves(SIZE))


class Kept:
    """The tiles of a growing tree, each with all the hashes it has so far."""

    def __init__(self) -> None:
        self.size = 0
        self.tiles: dict[tuple[int, int], bytes] = {}

    def grow(self, hashes: tuple[bytes, ...]) -> list[TileAt]:
        changed = list(grown_tiles(self.size, hashes, self.read))
        self.tiles |= {(at.level, at.n): content for at, content in changed}
        self.size += len(hashes)
        return [at for at, _ in changed]

    def read(self, at: TileAt) -> bytes:
        return self.tiles[at.level, at.n][: at.width * 32]


def kept(size: int) -> Kept:
    tiles = Kept()
    tiles.grow(TREE.hashes[:size])
    return tiles


def test_a_tree_of_70_000_has_the_tiles_that_the_specification_counts() -> None:
    tiles = [at for at in tiles_of(70_000) if isinstance(at, TileAt)]
    assert [at for at in tiles if at.width < TILE_WIDTH] == [
        TileAt(0, 273, 112),
        TileAt(1, 1, 17),
        TileAt(2, 0, 1),
    ]
    full = [at for at in tiles if at.width == TILE_WIDTH]
    assert full == [*(TileAt(0, n) for n in range(273)), TileAt(1, 0)]


def test_a_tree_of_256_has_one_full_tile_and_one_of_width_1() -> None:
    assert list(tiles_of(256)) == [TileAt(0, 0), TileAt(1, 0, 1), BundleAt(0)]


def test_an_empty_tree_has_no_tiles() -> None:
    assert list(tiles_of(0)) == []


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 200_000])
def test_the_partial_tile_of_each_level_is_as_wide_as_specified(size: int) -> None:
    tiles = list(tiles_of(size))
    assert len(tiles) == len(set(tiles))
    for level in range(4):
        widths = [at.width for at in tiles if isinstance(at, TileAt) and at.level == level]
        partial = size // 256**level % 256
        assert widths == [256] * (size // 256 ** (level + 1)) + [partial] * (partial > 0)
    assert sum(at.width for at in tiles if isinstance(at, BundleAt)) == size


def test_tiles_hold_the_hashes_that_the_specification_defines() -> None:
    grown = kept(SIZE)
    for at in tiles_of(SIZE):
        if isinstance(at, TileAt):
            span = 256**at.level
            assert hashes_in(grown.read(at)) == [
                TREE.mth((at.n * 256 + i) * span, (at.n * 256 + i + 1) * span)
                for i in range(at.width)
            ]


def test_tiles_grow_to_the_same_in_whatever_portions() -> None:
    whole = kept(SIZE)
    for largest in (40, 700, 9000):
        chance = random.Random(largest)
        grown = Kept()
        limit = 3000 if largest == 40 else SIZE
        while grown.size < limit:
            count = min(chance.randint(0, largest), limit - grown.size)
            before = grown.size
            changed = grown.grow(TREE.hashes[before : before + count])
            wanted = set(tiles_of(grown.size)) - set(tiles_of(before))
            assert set(changed) == {at for at in wanted if isinstance(at, TileAt)}
        assert all(
            grown.read(at) == whole.read(at) for at in tiles_of(limit) if isinstance(at, TileAt)
        )


def test_only_the_partial_tiles_are_read_for_growing() -> None:
    grown = kept(65_536 + 256 + 7)
    asked: list[TileAt] = []

    def read(at: TileAt) -> bytes:
        asked.append(at)
        return grown.read(at)

    list(grown_tiles(grown.size, leaves(1), read))
    assert asked == [TileAt(0, 257, 7)]
    asked.clear()
    list(grown_tiles(grown.size, leaves(70_000), read))
    assert asked == [TileAt(0, 257, 7), TileAt(1, 1, 1), TileAt(2, 0, 1)]


def test_a_partial_tile_that_is_short_is_not_grown() -> None:
    with pytest.raises(TileRefused, match=re.escape("tile/0/000.p/7 has 192 bytes, not 224")):
        list(grown_tiles(7, leaves(1), lambda _: b"".join(leaves(6))))


def test_a_full_tile_is_one_hash_of_the_level_above() -> None:
    content = b"".join(TREE.hashes[:256])
    assert tile_root(content) == TREE.mth(0, 256)
    for wrong in (b"", content[:-32], content + content[:32]):
        with pytest.raises(TileRefused):
            tile_root(wrong)


@pytest.mark.parametrize("length", [0, 1, 31, 33, TILE_BYTES - 1, TILE_BYTES + 32])
def test_a_tile_that_is_not_whole_hashes_is_refused(length: int) -> None:
    with pytest.raises(TileRefused):
        hashes_in(bytes(length))


def test_proofs_from_tiles_are_those_of_the_rfc_at_every_size() -> None:
    grown = kept(SIZE)
    for size in (1, 2, 3, 7, 255, 256, 257, 260):
        reader = TileHashes(grown.read, size)
        assert root(reader, size) == TREE.mth(0, size)
        for index in range(size):
            assert inclusion_proof(reader, index, size) == TREE.path(index, 0, size)
            assert consistency_proof(reader, index + 1, size) == TREE.proof(index + 1, size)


def test_proofs_from_tiles_of_three_levels_are_those_of_the_rfc() -> None:
    grown = kept(SIZE)
    chance = random.Random(12)
    for size in (512, 65_535, 65_536, 65_537, SIZE, *(chance.randint(1, SIZE) for _ in range(40))):
        reader = TileHashes(grown.read, size)
        assert root(reader, size) == TREE.mth(0, size)
        assert Frontier.of(reader, size).root() == TREE.mth(0, size)
        for _ in range(25):
            index = chance.randrange(size)
            assert inclusion_proof(reader, index, size) == TREE.path(index, 0, size)
            assert consistency_proof(reader, index + 1, size) == TREE.proof(index + 1, size)


def test_a_proof_reads_each_tile_once_and_few_of_them() -> None:
    grown = kept(SIZE)
    asked: list[TileAt] = []

    def read(at: TileAt) -> bytes:
        asked.append(at)
        return grown.read(at)

    inclusion_proof(TileHashes(read, SIZE), 12_345, SIZE)
    assert len(asked) == len(set(asked)) <= 5


def test_tiles_of_another_length_are_refused() -> None:
    grown = kept(600)
    for wrong in (b"", grown.read(TileAt(0, 0))[:-1], grown.read(TileAt(0, 0)) + b"\x00"):
        with pytest.raises(TileRefused, match="tile/0/"):
            inclusion_proof(TileHashes(lambda _, wrong=wrong: wrong, 600), 3, 600)  # type: ignore[misc]  # bound early


def test_from_a_changed_tile_its_leaves_are_not_proved() -> None:
    chance = random.Random(13)
    for _ in range(500):
        grown = kept(600)
        n, place = chance.randrange(3), chance.randrange(88)
        content = grown.tiles[0, n]
        start = place * 32
        hurt = flipped(content[start : start + 32], chance)
        grown.tiles[0, n] = content[:start] + hurt + content[start + 32 :]
        reader = TileHashes(grown.read, 600)
        for index in (n * 256 + place, n * 256 + (place ^ 1)):
            with pytest.raises(ProofRefused):
                verify_inclusion(
                    hashes_in(grown.tiles[0, n])[index % 256],
                    index,
                    600,
                    inclusion_proof(reader, index, 600),
                    TREE.mth(0, 600),
                )


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_a_bundle_is_read_back(entries: list[bytes]) -> None:
    content = encode_bundle(entries)
    assert decode_bundle(content) == entries
    assert decode_bundle(content, len(entries)) == entries
    for width in (len(entries) - 1, len(entries) + 1):
        with pytest.raises(BundleRefused):
            decode_bundle(content, width)


def test_a_bundle_has_the_bytes_of_the_specification() -> None:
    long = bytes(258)
    assert encode_bundle([b"abc", b"", long]) == b"\x00\x03abc\x00\x00\x01\x02" + long
    most = bytes(65_535)
    assert decode_bundle(encode_bundle([most])) == [most]


def test_what_does_not_fit_into_a_bundle_is_refused() -> None:
    for entries in ([], [b""] * 257, [bytes(65_536)]):
        with pytest.raises(BundleRefused):
            encode_bundle(entries)


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"\x00\x01", b"\x00\x03ab", b"\x00\x00\x00", b"\x00\x00" * 257]
)
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(BundleRefused):
        decode_bundle(content)


@given(st.binary())
def test_any_bytes_are_a_bundle_or_refused(content: bytes) -> None:
    try:
        entries = decode_bundle(content)
    except BundleRefused:
        return
    assert encode_bundle(entries) == content


def test_a_changed_bundle_holds_other_entries_or_none() -> None:
    entries = [bytes([n]) * (n % 7) for n in range(20)]
    content = encode_bundle(entries)
    for changed in (*one_thing_wrong(content), *many_things_wrong(content, random.Random(6), 3000)):
        try:
            read = decode_bundle(changed, len(entries))
        except BundleRefused:
            continue
        assert (read == entries) == (changed == content)


def test_places_that_no_tile_has_are_our_own_mistake() -> None:
    for level, n, width in ((-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(AssertionError):
            TileAt(level, n, width)
    with pytest.raises(AssertionError):
        BundleAt(0, 0)
    with pytest.raises(AssertionError):
        TileHashes(lambda _: b"", 7).node(3, 0)
