"""Answers in files: whole or not there, kept for a while, gone with the process."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from api.service.replays.results import ResultNotFound, Results
from domain.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path


def kept(results: Results, content: bytes = b"one\n") -> UUID:
    name = uuid4()
    with results.write(name) as file:
        file.write(content)
    return name


def read(results: Results, name: UUID) -> bytes:
    with results.open(name) as file:
        return file.read()


def test_an_answer_is_there_once_it_is_whole(tmp_path: Path) -> None:
    results, name = Results(tmp_path / "results"), uuid4()
    assert not (tmp_path / "results").exists(), "made on first use"
    with results.write(name) as file:
        file.write(b"one\n")
        with pytest.raises(ResultNotFound):
            results.open(name)
    assert read(results, name) == b"one\n"


def test_an_answer_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    results, name = Results(tmp_path / "results"), uuid4()
    with pytest.raises(KeyError), results.write(name):
        raise KeyError
    assert list((tmp_path / "results").iterdir()) == []
    with pytest.raises(ResultNotFound):
        results.open(name)


def test_what_an_earlier_process_left_is_removed_at_the_start(tmp_path: Path) -> None:
    name = kept(Results(tmp_path / "results"))
    (tmp_path / "results" / f"{uuid4()}.new").write_bytes(b"half")
    later = Results(tmp_path / "results")
    assert not (tmp_path / "results").exists()
    with pytest.raises(ResultNotFound):
        later.open(name)


def test_the_oldest_give_way(tmp_path: Path) -> None:
    results = Results(tmp_path / "results", most_kept=2)
    names = [kept(results) for _ in range(3)]
    with pytest.raises(ResultNotFound):
        results.open(names[0])
    assert [read(results, name) for name in names[1:]] == [b"one\n"] * 2
    assert len(list((tmp_path / "results").iterdir())) == 2


def test_what_is_old_is_swept(tmp_path: Path) -> None:
    results = Results(tmp_path / "results", kept_seconds=-1.0)
    name = kept(results)
    with pytest.raises(ResultNotFound):
        results.open(name)


def test_whoever_reads_an_answer_is_not_disturbed_by_its_sweeping(tmp_path: Path) -> None:
    results = Results(tmp_path / "results", most_kept=1)
    with results.open(kept(results)) as file:
        kept(results)
        assert file.read() == b"one\n"


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    kept(Results(tmp_path / "results"))
    assert (tmp_path / "results").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    with pytest.raises(Unavailable, match="disk is full"), results.write(uuid4()):
        raise OSError(errno.ENOSPC, "No space left on device")
