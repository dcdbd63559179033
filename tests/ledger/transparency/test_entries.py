from __future__ import annotations

import random
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Corrupt
from ledger.codec import pack, unpack
from ledger.stores.events import Row
from ledger.transparency.entries import Entry, EntryRefused, entry, entry_of_row, read_entry
from ledger.transparency.tiles import TILE_WIDTH, decode_bundle, encode_bundle
from tests.golden.stored_states import CONTACT, stored_states
from tests.ledger.transparency.mutations import many_things_wrong, one_thing_wrong

if TYPE_CHECKING:
    from uuid import UUID

RECORDED_AT = 1_772_366_460_000_001
GOLDEN = {golden.topic: golden.state for golden in stored_states()}
STATE = GOLDEN["visit-made"]
ENTRY = entry(CONTACT, 7, "visit-made", RECORDED_AT, STATE)


def row(state: Any = STATE, stream: Any = CONTACT, version: Any = 7, topic: Any = "t") -> Row:
    """A row as it may come out of a file that somebody has written into."""
    return Row(12, stream, version, topic, state)


def test_an_entry_has_the_bytes_of_the_design() -> None:
    """Written by hand from the specification of msgpack; signed roots depend on every byte."""
    written = (
        b"\x96"  # an array of six
        b"\x01"
        b"\xc4\x10" + CONTACT.bytes + b"\x07"
        b"\xaavisit-made"
        b"\xcf" + RECORDED_AT.to_bytes(8, "big") + b"\xc4\x20" + sha256(STATE).digest()
    )
    assert written == ENTRY
    assert read_entry(ENTRY) == Entry(CONTACT, 7, "visit-made", RECORDED_AT, sha256(STATE).digest())


def test_the_entry_of_a_row_takes_the_instant_from_its_stored_state() -> None:
    for topic, state in GOLDEN.items():
        made = entry_of_row(Row(12, CONTACT, 7, topic, state))
        assert made == entry(CONTACT, 7, topic, RECORDED_AT, state)


def test_a_full_bundle_of_entries_can_be_made() -> None:
    longest = [entry_of_row(row(topic="t" * 2000))] * TILE_WIDTH
    assert decode_bundle(encode_bundle(longest)) == longest


@given(
    st.uuids(),
    st.integers(1, 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(-(2**62), 2**63 - 1),
    st.binary(),
)
def test_an_entry_is_read_back(
    stream: UUID, version: int, topic: str, recorded_at: int, state: bytes
) -> None:
    read = read_entry(entry(stream, version, topic, recorded_at, state))
    assert read == Entry(stream, version, topic, recorded_at, sha256(state).digest())


@pytest.mark.parametrize(
    "strange",
    [
        row(stream="a text"),
        row(stream=None),
        row(version=0),
        row(version=-1),
        row(version="7"),
        row(version=7.0),
        row(version=True),
        row(version=None),
        row(version=2**64),
        row(topic=None),
        row(topic=b"visit-made"),
        row(topic="\ud800"),
        row(state=None),
        row(state="a text"),
        row(state=7),
        row(state=b""),
        row(state=STATE[:-1]),
        row(state=STATE + b"\x00"),
        row(state=pack([])),
        row(state=pack([1, b"", b""])),
        row(state=pack({"a": 1})),
        row(state=pack({"3": 1})),
        row(state=pack("texts have places too")),
        row(state=pack(7)),
        row(state=pack(None)),
        row(state=pack([1, b"", b"", None])),
        row(state=pack([1, b"", b"", "1772366460000001"])),
        row(state=pack([1, b"", b"", True])),
        row(state=pack([1, b"", b"", 1.5])),
        row(state=pack([1, b"", b"", 2**64 - 1])),
        row(state=b"\x91" * 100_000 + b"\x00"),
        row(state=b"\xdd\xff\xff\xff\xff"),
        row(state=b"\x81\x90\x00"),
        row(state=b"\xc1"),
        row(state=b"\xa1\xff"),
        row(state=b"\xd4\xff\x00"),
    ],
)
def test_the_entry_of_a_damaged_row_is_refused_as_damage(strange: Row) -> None:
    with pytest.raises(Corrupt, match="position 12"):
        entry_of_row(strange)


def test_damage_is_told_without_what_the_state_holds() -> None:
    with pytest.raises(Corrupt) as told:
        entry_of_row(row(state=pack([1, b"", b"", "Zoë Example"])))
    assert "Zoë" not in str(told.value)


def test_a_changed_state_is_damage_or_has_another_entry() -> None:
    chance = random.Random(7)
    honest = entry_of_row(row())
    made = 0
    for changed in (*one_thing_wrong(STATE), *many_things_wrong(STATE, chance, 2000)):
        if changed == STATE:
            continue
        try:
            other = entry_of_row(row(state=changed))
        except Corrupt:
            continue
        made += 1
        assert other != honest
        assert read_entry(other).state_sha256 == sha256(changed).digest()
    assert made


def _with(place: int, value: object) -> bytes:
    values = unpack(ENTRY)
    values[place] = value
    return pack(values)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        ENTRY[:-1],
        ENTRY + b"\x00",
        pack([]),
        pack(None),
        pack({}),
        pack("123456"),
        pack(b"123456"),
        pack(unpack(ENTRY)[:5]),
        pack([*unpack(ENTRY), None]),
        _with(0, 0),
        _with(0, 2),
        _with(0, True),
        _with(0, 1.0),
        _with(1, CONTACT.bytes[:15]),
        _with(1, CONTACT.bytes + b"\x00"),
        _with(1, str(CONTACT)),
        _with(2, 0),
        _with(2, -1),
        _with(2, True),
        _with(2, 7.0),
        _with(2, 2**64 - 1),
        _with(3, b"visit-made"),
        _with(3, None),
        _with(4, None),
        _with(4, True),
        _with(4, 1.5),
        _with(4, 2**63),
        _with(5, b""),
        _with(5, bytes(33)),
        _with(5, "0" * 32),
        ENTRY.replace(b"\x96\x01", b"\xdc\x00\x06\x01"),  # the same array, written longer
        ENTRY.replace(b"\x96\x01", b"\x96\xcc\x01"),  # the same number, written longer
        b"\x91" * 100_000 + b"\x00",
        b"\xdd\xff\xff\xff\xff",
        b"\x81\x90\x00",
    ],
)
def test_what_is_not_an_entry_in_every_detail_is_refused(content: bytes) -> None:
    with pytest.raises(EntryRefused):
        read_entry(content)


def test_a_changed_entry_says_something_else_or_nothing() -> None:
    said = read_entry(ENTRY)
    read = 0
    for changed in (*one_thing_wrong(ENTRY), *many_things_wrong(ENTRY, random.Random(8), 4000)):
        if changed == ENTRY:
            continue
        try:
            other = read_entry(changed)
        except EntryRefused:
            continue
        read += 1
        assert other != said
    assert read


@given(st.binary())
def test_any_bytes_are_an_entry_or_refused(content: bytes) -> None:
    with pytest.raises(EntryRefused):
        read_entry(content)
