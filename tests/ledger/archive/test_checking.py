"""An archive is checked by itself: whatever was changed in it is found, and where."""

from __future__ import annotations

import gzip
import json
import random
import tracemalloc
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from ledger.archive import layout
from ledger.archive.chunks import read_rows, rows_written
from ledger.archive.refusals import ArchiveRefused, PassphraseRefused
from ledger.stores.sqlite.sorting import SqliteSorting
from ledger.transparency.notes import Verifier
from tests.ledger.archive.archives import (
    EVENTS,
    NAME,
    PASSPHRASE,
    Shop,
    changed,
    checked,
    exported_from,
    members,
    packed,
    resummed,
    shop,
    written,
)
from tests.ledger.archive.forger import Forger, rows_of, with_state
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.stores.reading import EventColumns

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

FIRST_EVENTS = layout.EVENTS.format(first=1)
MUTATIONS = 400
SEED = 6962


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small archive with keys: every kind of member, and a partial tile of each kind."""
    folder = tmp_path_factory.mktemp("small") / "data"
    shop(folder, HandClock(), events=300)
    return exported_from(folder, HandClock(), passphrase=PASSPHRASE)[1]


def refusal(path: Path, archive: bytes, *keys: Verifier) -> ArchiveRefused:
    with pytest.raises(ArchiveRefused) as raised:
        checked(path, archive, *keys)
    return raised.value


def test_what_was_exported_is_sound(sold: Shop, path: Path) -> None:
    verified = checked(path, sold.archive)
    assert verified.head.ledger == NAME
    assert verified.last.root == sold.exported.root
    assert verified.sums == sold.exported.sums
    assert verified.counts["types"]["purchase-made"] > 1000
    assert checked(path, gzip.compress(sold.archive)) == verified


def test_progress_is_told(sold: Shop, path: Path) -> None:
    from ledger.archive.checking import verify_archive

    heard: list[tuple[int, int]] = []
    path.write_bytes(sold.archive)
    verify_archive(path, SqliteSorting(), advance=lambda position, of: heard.append((position, of)))
    assert heard == [(1024, EVENTS), (EVENTS, EVENTS)]


def flipped(archive: bytes, chance: random.Random) -> bytes:
    """A bit of a member that is changed, wherever it stands in the file."""
    at = chance.randrange(len(archive))
    return archive[:at] + bytes([archive[at] ^ 1 << chance.randrange(8)]) + archive[at + 1 :]


def flipped_in_a_member(archive: bytes, chance: random.Random) -> bytes:
    """The same in a member of any kind, however small, without touching its digest."""
    held = members(archive)
    place = chance.choice([n for n, (_, content) in enumerate(held) if content])
    name, content = held[place]
    held[place] = (name, flipped(content, chance))
    return packed(held)


def dropped(archive: bytes, chance: random.Random) -> bytes:
    held = members(archive)
    del held[chance.randrange(len(held))]
    return chance.choice([packed, resummed])(held)


def swapped(archive: bytes, chance: random.Random) -> bytes:
    held = members(archive)
    one, other = sorted(chance.sample(range(len(held) - 1), 2))
    held[one], held[other] = held[other], held[one]
    return chance.choice([packed, resummed])(held)


def inserted(archive: bytes, chance: random.Random) -> bytes:
    held = members(archive)
    name, content = chance.choice([*held, ("notes/more.txt", b"more")])
    held.insert(chance.randrange(len(held) + 1), (name, content))
    return chance.choice([packed, resummed])(held)


def truncated(archive: bytes, chance: random.Random) -> bytes:
    return archive[: chance.randrange(len(archive))]


def exchanged(archive: bytes, chance: random.Random) -> bytes:
    """The contents of two members, under each other's names."""
    held = members(archive)
    one, other = chance.sample(range(len(held)), 2)
    (first, content), (second, more) = held[one], held[other]
    held[one], held[other] = (first, more), (second, content)
    return chance.choice([packed, resummed])(held)


WAYS = (flipped, flipped_in_a_member, dropped, swapped, inserted, truncated, exchanged)


@pytest.mark.parametrize("way", WAYS)
def test_no_change_passes(small: bytes, path: Path, way: Callable[..., bytes]) -> None:
    chance = random.Random(f"{SEED} {way.__name__}")
    for number in range(MUTATIONS // len(WAYS) + 1):
        mutated = way(small, chance)
        if mutated == small:
            continue
        with pytest.raises(ArchiveRefused) as raised:
            checked(path, mutated)
        assert str(raised.value), f"{way.__name__} number {number}"


def test_every_member_is_held_to_its_digest(small: bytes, path: Path) -> None:
    for name, content in members(small):
        held = [(n, c[:-1] if n == name and c else c) for n, c in members(small)]
        if content:
            refusal(path, packed(held))


@pytest.mark.parametrize("kind", ["flip", "drop", "repeat", "swap", "shift"])
def test_a_changed_event_is_found_at_its_position(sold: Shop, path: Path, kind: str) -> None:
    def change(content: bytes) -> bytes:
        rows = read_rows(content, "")
        row = rows[699]
        match kind:
            case "flip":
                rows[699] = with_state(row, (4, 1))
            case "drop":
                del rows[699]
            case "repeat":
                rows.insert(699, row)
            case "swap":
                rows[699], rows[700] = rows[700], rows[699]
            case "shift":
                rows[699] = (701, *row[1:])
        return rows_written(rows)

    error = refusal(path, changed(sold.archive, FIRST_EVENTS, change))
    assert error.member == FIRST_EVENTS
    assert error.position == (701 if kind == "repeat" else 700)


def test_a_changed_line_is_found_at_its_position(sold: Shop, path: Path) -> None:
    member = layout.READABLE.format(first=1025)
    archive = changed(
        sold.archive, member, lambda content: content.replace(b'"position":1100', b'"position":11')
    )
    error = refusal(path, archive)
    assert (error.member, error.position) == (member, 1100)
    assert str(error) == f"{member}, position 1,100: is not what the events make"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (layout.SETTINGS, b"Europe/Amsterdam", b"Europe/London"),
        (layout.SETTINGS, b"rapport-ledger/v2", b"rapport-ledger/v1"),
        (layout.SETTINGS, b'","time_zone"', b'","namespace":"' + b"0" * 32 + b'","time_zone"'),
        (layout.HEAD, b'"version": 2', b'"version": 1'),
        (layout.HEAD, b'"version": 2', b'"version": 0'),
        (layout.HEAD, b'"version": 2', b'"version": -1'),
        (layout.HEAD, b'"position": 1500', b'"position": 1499'),
        (layout.HEAD, b'"position": 1500', b'"position": 1501'),
        (layout.HEAD, b'"ledger": "shop"', b'"ledger": "shoq"'),
        (layout.HEAD, b'"ledger": "shop"', b'"ledger": "../.."'),
        (layout.HEAD, b'"keys": false', b'"keys": true'),
        (layout.HEAD, b"visit-made", b"visit-mada"),
        (layout.MANIFEST, b'"contacts": 12', b'"contacts": 13'),
        (layout.MANIFEST, b'"name": "shop"', b'"name": "main"'),
        (layout.CHECKPOINT, b"\n1500\n", b"\n1499\n"),
        (layout.KEY, b"rapport.invalid", b"rapport.example"),
        ("schemas/visit-made.json", b'"title": "visit-made"', b'"title": "visit"'),
        ("policies/0001.json", b'"retail"', b'"cafe"'),
        ("log/tile/0/000", b"", b"x"),
        ("log/tile/entries/001", b"purchase-made", b"purchase-mada"),
    ],
)
def test_who_puts_the_digests_right_as_well_is_found_out(
    sold: Shop, path: Path, name: str, before: bytes, after: bytes
) -> None:
    def change(content: bytes) -> bytes:
        assert before in content
        return content.replace(before, after, 1)

    refusal(path, changed(sold.archive, name, change))


def test_another_root_is_refused_whoever_signed_it(sold: Shop, path: Path) -> None:
    forger = Forger(rows_of(sold.archive))
    checked(path, written(forger)[1])  # a log of its own, which nobody can tell from outside
    error = refusal(path, written(forger)[1], _key(sold))
    assert error.member == layout.SETTINGS


def test_a_key_from_elsewhere_tells_the_log(sold: Shop, path: Path) -> None:
    key = _key(sold)
    assert checked(path, sold.archive, key).last.root == sold.exported.root
    other = Forger(rows_of(sold.archive), sold.exported.origin).signer.verifier
    assert checked(path, sold.archive, other, key).last.root == sold.exported.root
    assert refusal(path, sold.archive, other).member == layout.SETTINGS


def test_a_listed_key_that_signed_nothing_helps_nobody(sold: Shop, path: Path) -> None:
    """The log's own key is added to a forged archive, to look like it."""
    forger = Forger(rows_of(sold.archive), sold.exported.origin)
    known = forger.known_keys()
    stolen = dict(members(sold.archive))[layout.KEY].decode().strip()
    forger.known_keys = lambda: [*known, type(known[0])(stolen, 1, None)]  # type: ignore[method-assign]  # a forger
    archive = written(forger)[1]
    checked(path, archive)
    refusal(path, archive, _key(sold))


def test_a_true_note_beside_a_forged_log_helps_nobody(sold: Shop, path: Path) -> None:
    """The log's own key and its own note are there; only the checkpoints are forged."""
    held = dict(members(sold.archive))
    forger = Forger(rows_of(sold.archive)[:-1], sold.exported.origin)
    forger.identity = checked(path, sold.archive).identity
    known = forger.known_keys()
    stolen = held[layout.KEY].decode().strip()
    forger.known_keys = lambda: [*known, type(known[0])(stolen, 1, None)]  # type: ignore[method-assign]  # a forger
    forger.settings_note = lambda: held[layout.SETTINGS]  # type: ignore[method-assign]  # a forger
    archive = written(forger)[1]
    checked(path, archive)
    assert refusal(path, archive, _key(sold)).member == layout.CHECKPOINT


def _key(sold: Shop) -> Verifier:
    return Verifier.read(dict(members(sold.archive))[layout.KEY].decode().splitlines()[0])


def rows_changed(sold: Shop, place: int, change: Callable[[EventColumns], EventColumns]) -> bytes:
    rows = rows_of(sold.archive)[:100]
    rows[place] = change(rows[place])
    return written(Forger(rows))[1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda row: (*row[:2], 77, *row[3:]), "out of turn"),
        (lambda row: (*row[:5], UUID(int=1).bytes), "under another id than its own"),
        (lambda row: (*row[:3], "rocket-launched", *row[4:]), "is not an event of a ledger"),
        (lambda row: (*row[:3], "policy-published", *row[4:]), "does not belong on this stream"),
        (lambda row: with_state(row, (0, 2)), "cannot be read"),
        (lambda row: with_state(row, (1, b"short")), "the salt is none"),
        (lambda row: with_state(row, (3, 1)), "recorded before the one before it"),
        (lambda row: with_state(row, (4, 2**62)), "occurred_at is not an instant"),
        (lambda row: with_state(row, (5, "x" * 201)), "source is not such a text"),
        (lambda row: with_state(row, (6, "Bea Baker")), "not encrypted"),
        (lambda row: with_state(row, (6, b"Bea")), "not encrypted"),
        (lambda row: with_state(row, (7, b"")), "causation_id is no UUID"),
        (lambda row: with_state(row, (7, bytes(16))), "causation_id is no UUID"),
        (lambda row: with_state(row, (9, "450")), "amount_minor"),
        (lambda row: with_state(row, (9, True)), "amount_minor"),
        (lambda row: with_state(row, (9, -1)), "amount_minor"),
        (lambda row: with_state(row, (10, "FUN")), "currency"),
        (lambda row: with_state(row, (8, None)), "purchase_id is missing"),
        (lambda row: (*row[:4], b"no msgpack \xc1", row[5]), "cannot be read"),
        (lambda row: (*row[:4], b"\x91" * 600 + b"\x01", row[5]), "cannot be read"),
    ],
)
def test_an_event_that_no_ledger_records_is_refused_though_it_is_signed(
    sold: Shop, path: Path, change: Callable[[EventColumns], EventColumns], why: str
) -> None:
    from domain.errors import LedgerError

    try:
        archive = rows_changed(sold, 50, change)
    except (LedgerError, ValueError, TypeError, IndexError):
        # Our own export refuses it before an archive is there: so it is put into a sound one.
        def put(content: bytes) -> bytes:
            rows = read_rows(content, "")
            rows[50] = change(rows[50])
            return rows_written(rows)

        archive = changed(written(Forger(rows_of(sold.archive)[:100]))[1], FIRST_EVENTS, put)
    error = refusal(path, archive)
    assert (error.member, error.position) == (FIRST_EVENTS, 51)
    assert why in str(error)


def test_an_id_that_stands_twice_is_refused(sold: Shop, path: Path) -> None:
    rows = rows_of(sold.archive)[:100]
    rows[60] = (*with_state(rows[60], (2, rows[20][5]))[:5], rows[20][5])
    error = refusal(path, written(Forger(rows))[1])
    assert (error.member, error.position) == (FIRST_EVENTS, 61)
    assert "another event has its id" in str(error)


def test_an_archive_of_a_newer_layout_says_so(sold: Shop, path: Path) -> None:
    archive = changed(
        sold.archive, layout.HEAD, lambda content: content.replace(b'"version": 2', b'"version": 3')
    )
    error = refusal(path, archive)
    assert error.member == layout.HEAD
    assert "exported by a newer Rapport" in str(error)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"receipt,who\n", b"PK\x03\x04", b"\x1f\x8b", gzip.compress(b"rows", mtime=0)],
)
def test_another_file_is_no_archive(path: Path, content: bytes) -> None:
    refusal(path, content)


def test_the_archive_of_another_ledger_does_not_lend_its_members(
    sold: Shop, small: bytes, path: Path
) -> None:
    """Members of the same name are exchanged for another ledger's, and the digests put right."""
    other = dict(members(small))
    for name, content in members(sold.archive):
        if name in other and other[name] != content and name != layout.SUMS:
            refusal(path, changed(sold.archive, name, lambda _, name=name: other[name]))  # type: ignore[misc]  # a default of a lambda


def test_the_keys_open_with_their_passphrase_alone(small: bytes, path: Path) -> None:
    assert checked(path, small, passphrase=PASSPHRASE).counts["data_keys"] == 12
    with pytest.raises(PassphraseRefused):
        checked(path, small, passphrase=PASSPHRASE + "r")
    assert checked(path, small).head.keys


def test_keys_that_were_taken_away_are_missed(small: bytes, path: Path) -> None:
    held = [(n, c) for n, c in members(small) if n != layout.DATA_KEYS.format(number=1)]
    with pytest.raises(ArchiveRefused, match="0 keys of contacts are there, and 12 were exported"):
        checked(path, resummed(held), passphrase=PASSPHRASE)


def test_a_lock_cannot_ask_for_more_work_than_ours(small: bytes, path: Path) -> None:
    def change(content: bytes) -> bytes:
        document = json.loads(content)
        return layout.canonical({**document, "n": 2**30})

    assert refusal(path, changed(small, layout.LOCK, change)).member == layout.LOCK


def test_checking_takes_a_bounded_part_of_the_archive_into_memory(sold: Shop, path: Path) -> None:
    path.write_bytes(sold.archive)
    from ledger.archive.checking import verify_archive

    verify_archive(path, SqliteSorting())  # what is loaded and cached once
    tracemalloc.start()
    try:
        verify_archive(path, SqliteSorting())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000
