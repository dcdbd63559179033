"""Where tiles and bundles stand."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotFound
from ledger.transparency.merkle import MOST_LEAVES
from ledger.transparency.tiles import BundleAt, TileAt, TilePathRefused, parse_tile_path
from tests.ledger.transparency.mutations import many_things_wrong, one_thing_wrong

places = st.builds(TileAt, st.integers(0, 63), st.integers(0, MOST_LEAVES), st.integers(1, 256))
bundles = st.builds(BundleAt, st.integers(0, MOST_LEAVES), st.integers(1, 256))


@pytest.mark.parametrize(
    ("at", "path"),
    [
        (TileAt(0, 0), "tile/0/000"),
        (TileAt(0, 0, 1), "tile/0/000.p/1"),
        (TileAt(3, 1234067), "tile/3/x001/x234/067"),
        (TileAt(63, 999, 255), "tile/63/999.p/255"),
        (TileAt(10, 1000, 8), "tile/10/x001/000.p/8"),
        (BundleAt(1234067, 112), "tile/entries/x001/x234/067.p/112"),
        (BundleAt(MOST_LEAVES), "tile/entries/x009/x223/x372/x036/x854/x775/807"),
    ],
)
def test_a_tile_stands_at_the_path_of_the_specification(at: TileAt | BundleAt, path: str) -> None:
    assert at.path == path
    assert parse_tile_path(path) == at


@given(places | bundles)
def test_every_path_is_read_back(at: TileAt | BundleAt) -> None:
    assert parse_tile_path(at.path) == at


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1234",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/100/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/x/000",
        "tile/0/x001",
        "tile/0/x000/001",
        "tile/0/x000/x001/000",
        "tile/0/001/000",
        "tile/0/x01/000",
        "tile/0/x0001/000",
        "tile/0/X001/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/999",
        "tile/0/000.p/1000",
        "tile/0/000.p/-1",
        "tile/0/000.P/1",
        "tile/0/000p/1",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/000 ",
        " tile/0/000",
        "/tile/0/000",
        "tile//0/000",
        "tile/0/./000",
        "tile/0/../0/000",
        "tile/0/%30%30%30",
        "tile/0/٠٠٠",  # noqa: RUF001  # digits, but not ours
        "tile/٠/000",  # noqa: RUF001  # digits, but not ours
        "tile/0/000?",
        "tile/data/000",
        "tile/Entries/000",
        "tile/entries",
        "tile/entries/0",
        "tile/entries/0/000",
        "tile/entries/x009/x223/x372/x036/x854/x775/808",
        "tile/0/" + "x001/" * 7 + "000",
        "tile/0/" + "x999/" * 100_000 + "000",
    ],
)
def test_a_path_in_any_other_form_is_refused(path: str) -> None:
    with pytest.raises(TilePathRefused):
        parse_tile_path(path)


def test_a_refused_path_is_one_where_nothing_is_found() -> None:
    assert issubclass(TilePathRefused, NotFound)


@given(st.text() | st.text(st.sampled_from("tile/enrsx019.p")).map(lambda text: f"tile/{text}"))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        at = parse_tile_path(text)
    except TilePathRefused:
        return
    assert at.path == text


def test_a_changed_path_is_another_path_or_none() -> None:
    read = 0
    for path in ("tile/0/x001/234.p/8", "tile/entries/x001/x234/067", "tile/12/000.p/255"):
        chance = random.Random(path)
        written = path.encode()
        for changed in (*one_thing_wrong(written), *many_things_wrong(written, chance, 2000)):
            text = changed.decode(errors="surrogateescape")
            try:
                at = parse_tile_path(text)
            except TilePathRefused:
                continue
            read += 1
            assert at.path == text
    assert read
