"""Tar files: one form is written, and nothing else is read."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from ledger.archive.checking import is_archive
from ledger.archive.refusals import ArchiveRefused
from ledger.archive.tar import END, FREE_BYTES, TarReader, TarWriter, header
from tests.ledger.archive.archives import packed

if TYPE_CHECKING:
    from pathlib import Path

HELD = [("one.txt", b"first"), ("two/three.bin", bytes(range(256)) * 5), ("two/empty", b"")]


def read(archive: bytes) -> list[tuple[str, bytes]]:
    reader = TarReader(io.BytesIO(archive))
    found = []
    while (name := reader.peek()) is not None:
        found.append((name, reader.read(name, 10_000)))
    reader.end()
    return found


def member(name: str, **more: object) -> bytes:
    one = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(one, key, value)
    return one.tobuf(tarfile.USTAR_FORMAT)


def test_what_was_written_is_read() -> None:
    assert read(packed(HELD)) == HELD
    assert read(gzip.compress(packed(HELD))) == HELD


def test_other_programs_read_it_too() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed(HELD))) as tar:
        assert [(one.name, one.size, one.isreg()) for one in tar] == [
            (name, len(content), True) for name, content in HELD
        ]


def test_a_stream_is_written_as_a_member_of_its_size() -> None:
    out = io.BytesIO()
    tar = TarWriter(out)
    tar.add_stream("long", 200_000, io.BytesIO(b"x" * 200_000))
    tar.end()
    assert out.getvalue() == packed([("long", b"x" * 200_000)])


@pytest.mark.parametrize(
    "block",
    [
        member("../outside"),
        member("/absolute"),
        member("inside/../../outside"),
        member("./here"),
        member("a//b"),
        member(".hidden"),
        member("back\\slash"),
        member("folder", type=tarfile.DIRTYPE),
        member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("hard", type=tarfile.LNKTYPE, linkname="one.txt"),
        member("device", type=tarfile.CHRTYPE, devmajor=1),
        member("pipe", type=tarfile.FIFOTYPE),
        member("more", type=tarfile.XHDTYPE),
        member("long", type=tarfile.GNUTYPE_LONGNAME),
        member("sparse", type=tarfile.GNUTYPE_SPARSE),
        member("program", mode=0o4755),
        member("owned", uname="root"),
        member("dated", mtime=1),
        member("big").replace(b"00000000000", b"\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00", 1),
        bytes(100) + member("nameless")[100:],
        b"\xff" * 512,
    ],
)
def test_everything_but_a_plain_file_with_a_plain_name_is_refused(block: bytes) -> None:
    with pytest.raises(ArchiveRefused):
        read(packed(HELD)[: -len(END)] + block + END)


def test_a_declared_size_is_refused_before_anything_is_read() -> None:
    huge = header("two/big", 8**11 - 1)
    reader = TarReader(io.BytesIO(huge))
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveRefused, match="two/big: has 8,589,934,591 bytes"):
            reader.read("two/big", 1000)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_size_that_is_allowed_takes_no_memory_before_it_is_there() -> None:
    reader = TarReader(io.BytesIO(header("big", 8**11 - 1) + b"a little"))
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveRefused, match="breaks off after big"):
            reader.read("big", 8**12)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_every_byte_that_is_cut_off_is_missed() -> None:
    archive = packed(HELD)
    for size in range(len(archive)):
        with pytest.raises(ArchiveRefused):
            read(archive[:size])
    zipped = gzip.compress(archive)
    for size in range(2, len(zipped)):
        with pytest.raises(ArchiveRefused):
            read(zipped[:size])


def test_every_byte_that_is_flipped_changes_what_is_read_or_is_refused() -> None:
    archive = packed(HELD)
    for at in range(len(archive)):
        other = bytearray(archive)
        other[at] ^= 1
        with suppress(ArchiveRefused):
            assert read(bytes(other)) != HELD


@pytest.mark.parametrize("more", [b"\0", bytes(512), packed(HELD), b"x"])
def test_nothing_may_stand_behind_the_end(more: bytes) -> None:
    for archive in (packed(HELD) + more, gzip.compress(packed(HELD)) + more):
        with pytest.raises(ArchiveRefused, match="behind"):
            read(archive)


def test_a_bomb_is_refused_after_a_little_of_it() -> None:
    content = FREE_BYTES * 8
    bomb = gzip.compress(header("zeros", content) + bytes(content), 9)
    assert len(bomb) < 200_000
    reader = TarReader(io.BytesIO(bomb))
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveRefused, match="inflates to more than 50 times its size"):
            _read_through(reader, "zeros", content)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def _read_through(reader: TarReader, name: str, most_bytes: int) -> None:
    reader.open(name, most_bytes)
    for portion in reader.portions():
        assert len(portion) <= 64 * 1024


def test_what_is_no_tar_file_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content, answer in (
        (packed(HELD), True),
        (gzip.compress(packed(HELD)), True),
        (b"receipt,who\n1,ann\n" * 100, False),
        (gzip.compress(b"receipt,who\n1,ann\n" * 100), False),
        (b"\x1f\x8bno gzip at all", False),
        (b"", False),
    ):
        path.write_bytes(content)
        assert is_archive(path) is answer
