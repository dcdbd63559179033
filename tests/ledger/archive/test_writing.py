"""What an export writes: the whole ledger, the same every time, and nothing personal in clear."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

import msgpack
import pytest

from domain.errors import Corrupt
from ledger.archive import layout
from ledger.archive.layout import Identity
from ledger.archive.refusals import ArchiveRefused
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.transparency.merkle import root
from ledger.transparency.notes import Verifier
from ledger.transparency.tiles import TileAt, TileHashes, parse_tile_path, tiles_of
from tests.ledger.archive.archives import (
    EVENTS,
    NAME,
    PASSPHRASE,
    Shop,
    exported_from,
    members,
    names,
    shop,
    written,
)
from tests.ledger.given import ORIGIN, HandClock, folder_of
from tests.ledger.inside import keys_of, recorder_of, wrapped_keys

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.ledger import Ledger

pytestmark = pytest.mark.usefixtures("cheap_passphrases")


def opened(sold: Shop) -> DataFolder:
    return DataFolder.open(sold.folder, SqliteStore, clock=HandClock())


def read_all(archive: bytes, folder: str) -> bytes:
    return b"".join(content for name, content in members(archive) if name.startswith(folder))


def test_two_exports_at_one_position_have_the_same_bytes(sold: Shop) -> None:
    assert exported_from(sold.folder, HandClock())[1] == sold.archive


def test_with_keys_all_but_the_sealed_members_are_the_same(sold: Shop) -> None:
    one, other = (
        dict(members(exported_from(sold.folder, HandClock(), passphrase=PASSPHRASE)[1]))
        for _ in range(2)
    )
    assert list(one) == list(other)
    differing = {name for name in one if one[name] != other[name]}
    assert differing == {name for name in one if name.startswith("keys/")} | {layout.SUMS}


def test_every_event_is_in_it_as_it_is_stored(sold: Shop) -> None:
    rows = list(msgpack.Unpacker(io.BytesIO(read_all(sold.archive, "events/"))))
    with closing(opened(sold)) as folder:
        ledger = folder.ledger(NAME)
        stored = ledger.rows(0, ledger.head())
    assert len(rows) == EVENTS
    assert [(p, UUID(bytes=s), v, t, d) for p, s, v, t, d, _ in rows] == stored


def test_the_readable_lines_say_what_the_events_say_but_for_the_personal(sold: Shop) -> None:
    lines = [json.loads(line) for line in read_all(sold.archive, "readable/").splitlines()]
    with closing(opened(sold)) as folder:
        events = folder.ledger(NAME).log(limit=10_000)
    assert [line["position"] for line in lines] == [event.position for event in events]
    for line, event in zip(lines, events, strict=True):
        assert line["id"] == str(event.id)
        assert line["actor"] == (event.actor and {"sealed": True})
        personal = {field.name for field in event.event.FIELDS if field.personal}
        for name, value in event.event.show().items():
            assert line["data"][name] == ({"sealed": True} if name in personal else value)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_nothing_personal_stands_in_it_in_clear(sold: Shop, passphrase: str | None) -> None:
    archive = exported_from(sold.folder, HandClock(), passphrase=passphrase)[1]
    for words in (b"Ann Example", b"Bea Baker", b"till 7", b"bread"):
        assert words not in archive
    with closing(opened(sold)) as folder:
        ledger = folder.ledger(NAME)
        keys = wrapped_keys(folder_of(ledger))
        assert keys
        for contact_id, wrapped in keys.items():
            assert folder.master_key.unwrap(wrapped, contact_id.bytes) not in archive
        for signing in keys_of(ledger).signing.keys_of(ledger.transparency.origin):
            assert signing.private.private_bytes_raw() not in archive


def test_a_stock_program_checks_the_digests(sold: Shop, tmp_path: Path) -> None:
    unpacked(sold, tmp_path)
    ran = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", layout.SUMS],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip  # one argument a line would bury the call
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    listed = (tmp_path / layout.SUMS).read_text().splitlines()
    assert [line[66:] for line in listed] == list(names(sold.archive))[:-1]


def unpacked(sold: Shop, folder: Path) -> None:
    (folder / "archive.tar").write_bytes(sold.archive)
    subprocess.run(["tar", "-xf", "archive.tar"], cwd=folder, check=True)


def test_unpacked_it_is_a_log_that_a_file_server_can_serve(sold: Shop, tmp_path: Path) -> None:
    unpacked(sold, tmp_path)
    log = tmp_path / "log"
    paths = {str(path.relative_to(log)) for path in (log / "tile").rglob("*") if path.is_file()}
    assert paths == {at.path for at in tiles_of(EVENTS)}
    hashes = TileHashes(lambda at: (log / at.path).read_bytes(), EVENTS)
    assert root(hashes, EVENTS) == sold.exported.root
    with closing(opened(sold)) as folder:
        served = folder.ledger(NAME).transparency
        assert (log / "checkpoint").read_bytes() == served.checkpoint().note
        assert (log / "key").read_text() == "".join(f"{v.to_text()}\n" for v in served.verifiers())
        for path in paths:
            at = parse_tile_path(path)
            content = served.tile(at) if isinstance(at, TileAt) else served.bundle(at)
            assert (log / path).read_bytes() == content


def test_every_checkpoint_and_every_policy_is_in_it(sold: Shop) -> None:
    lines = [json.loads(line) for line in read_all(sold.archive, "checkpoints/").splitlines()]
    with closing(opened(sold)) as folder:
        ledger = folder.ledger(NAME)
        signed = list(ledger.transparency.checkpoints())
        policies = [version.policy.document() for version in ledger.policies().versions]
    assert [line["note"].encode() for line in lines] == [one.note for one in signed]
    assert lines[0]["size"] == 0
    assert len(lines) > 5
    found = [json.loads(c) for name, c in members(sold.archive) if name.startswith("policies/")]
    assert found == policies


def test_the_manifest_says_what_the_archive_is(sold: Shop) -> None:
    manifest = json.loads(dict(members(sold.archive))[layout.MANIFEST])
    with closing(opened(sold)) as folder:
        settings = folder.settings(NAME)
    assert manifest["ledger"] == {
        "name": NAME,
        "origin": settings.origin,
        "time_zone": "Europe/Amsterdam",
        "created_at": settings.created_at,
    }
    assert manifest["position"] == manifest["counts"]["events"] == EVENTS
    assert manifest["counts"]["contacts"] == 12
    assert manifest["checkpoint"]["size"] == EVENTS
    assert manifest["tzdata"]


def test_events_that_do_not_give_the_signed_root_are_not_exported(tmp_path: Path) -> None:
    made = shop(tmp_path / "data", HandClock(), events=40)
    with closing(DataFolder.open(made.folder, SqliteStore, clock=HandClock())) as folder:
        ledger = folder.ledger(NAME)
        forge(ledger, 17)
    with pytest.raises(Corrupt):
        exported_from(made.folder, HandClock())


def forge(ledger: Ledger, position: int) -> None:
    """Let an event have been another one, as far as its own bytes can tell."""
    recorder = recorder_of(ledger)
    (row,) = recorder.rows({"position = ?": position})
    state = msgpack.unpackb(row.state)
    state[4] += 1
    with recorder.datastore.transaction(commit=True) as c:
        c.execute(
            "UPDATE stored_events SET state = ? WHERE position = ?",
            (msgpack.packb(state), position),
        )


def test_the_settings_are_signed_by_the_log(sold: Shop) -> None:
    held = dict(members(sold.archive))
    text, _, signatures = held[layout.SETTINGS].decode().rpartition("\n\n")
    assert text.startswith(f"rapport-ledger/v2\n{sold.exported.origin}\n")
    assert signatures.count("\n") == 1
    key = Verifier.read(held[layout.KEY].decode().splitlines()[0])
    assert key.name == sold.exported.origin


def test_a_region_is_signed_where_there_is_one() -> None:
    nowhere, dutch = (
        Identity(
            origin=ORIGIN, namespace=None, time_zone=None, created_at="2026-03-01T12:00:00Z",
            region=region,
        )
        for region in (None, "NL")
    )  # fmt: skip
    assert "region" not in nowhere.text(), "as ledgers were signed before there were regions"
    assert [Identity.read(one.text()) for one in (nowhere, dutch)] == [nowhere, dutch]
    with pytest.raises(ArchiveRefused):
        Identity.read(dutch.text().replace("NL", "XX"))


def test_the_list_of_digests_names_the_archive(sold: Shop) -> None:
    sums = dict(members(sold.archive))[layout.SUMS]
    assert hashlib.sha256(sums).digest() == sold.exported.sums
    assert sold.exported.members == len(members(sold.archive))


class Counting:
    """Takes an archive, and remembers the largest piece."""

    def __init__(self) -> None:
        self.largest = 0

    def write(self, content: bytes, /) -> object:
        self.largest = max(self.largest, len(content))
        return None


def test_the_source_is_read_once_and_in_chunks(sold: Shop) -> None:
    from ledger.archive.source import ledger_source
    from ledger.archive.writing import export

    out = Counting()
    with ledger_source(sold.folder, NAME, SqliteStore, clock=HandClock()) as source:
        export(source, out, schemas={})
        assert written(source)[1] == sold.archive
    assert out.largest < 1_000_000
