"""The log read and checked by ``tlog-scales``, somebody else's reader of logs made of tiles."""

from __future__ import annotations

import base64
import tarfile
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.cli.running import rapport
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interoperability.conftest import Auditor

backend, reading, signing, tiles, tlog = (
    pytest.importorskip(f"tlog_scales.{name}", reason="it is one of the development tools")
    for name in ("backend", "reader", "signing", "tiles", "tlog")
)


@pytest.fixture
def reader(auditor: Auditor) -> Any:
    return reading.TilesReader(backend.make_backend(auditor.log))


def proof(auditor: Auditor, kind: str, **query: int) -> list[bytes]:
    """The hashes of a proof as the server gives it."""
    answer = httpx.get(f"{auditor.log}/proofs/{kind}", params=query, timeout=END_SECONDS).json()
    return [base64.b64decode(text) for text in answer["hashes"]]


def test_every_checkpoint_that_was_kept_is_signed_by_a_listed_key(auditor: Auditor) -> None:
    """The one after a change of keys by both of them, so that either leads to the other."""
    newer, older = map(signing.Vkey.from_string, auditor.keys.read_text().split())
    signers = []
    for kept in auditor.kept:
        checkpoint = tlog.Checkpoint.from_text(kept.read_text())
        by = [key for key in (older, newer) if any(map(key.match, checkpoint.signatures))]
        for key in by:
            checkpoint.verify(key)
        signers.append(by)
    assert signers == [[older]] * 6 + [[older, newer]] + [[newer]]


def test_the_tiles_give_the_root_that_is_signed(reader: Any) -> None:
    checkpoint = reader.get_checkpoint()
    assert checkpoint.size == 770
    assert reader.calculate_root_hash() == checkpoint.root_hash


def test_every_entry_is_where_its_tile_and_the_proofs_say(auditor: Auditor, reader: Any) -> None:
    newest = reader.get_checkpoint()
    for index in range(newest.size):
        leaf = tiles.leaf_hash(reader.get_entry(index))
        reader.get_inclusion_proof(index, newest.size).check(leaf, newest.root_hash)
        if index % 51 in {0, 1}:
            hashes = proof(auditor, "inclusion", position=index + 1, tree_size=newest.size)
            tlog.InclusionProof(index, newest.size, hashes).check(leaf, newest.root_hash)


def test_the_log_only_grew_from_each_checkpoint_to_each_later_one(
    auditor: Auditor, reader: Any
) -> None:
    kept = [tlog.Checkpoint.from_text(path.read_text()) for path in auditor.kept]
    reader.set_size(kept[-1].size)
    for place, later in enumerate(kept):
        for earlier in kept[: place + 1]:
            sizes = earlier.size, later.size
            hashes = proof(auditor, "consistency", first=sizes[0], second=sizes[1])
            tlog.ConsistencyProof(*sizes, hashes).check(earlier.root_hash, later.root_hash)
            assert reader.get_consistency_proof(*sizes).node_hashes == hashes


def test_an_unpacked_archive_is_a_log_too(auditor: Auditor, tmp_path: Path) -> None:
    """Its folder ``log`` is laid out as a server answers, so nobody needs a server to read it."""
    assert rapport("export", "--data", auditor.folder, tmp_path / "shop.tar").code == 0
    with tarfile.open(tmp_path / "shop.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    reader = reading.TilesReader(backend.make_backend(str(tmp_path / "log")))
    checkpoint = reader.get_checkpoint()
    checkpoint.verify(signing.Vkey.from_string(auditor.keys.read_text().split()[0]))
    assert reader.calculate_root_hash() == checkpoint.root_hash
    for index in range(0, checkpoint.size, 17):
        leaf = tiles.leaf_hash(reader.get_entry(index))
        reader.get_inclusion_proof(index, checkpoint.size).check(leaf, checkpoint.root_hash)
