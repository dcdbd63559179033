"""Files are read without a trace: at rest, beside a server, after a crash, where none may write."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import Corrupt
from ledger.stores.sqlite.verification.read_connections import ChangedMeanwhile, reading
from tests.ledger.test_folder import as_nobody


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database at rest with 100 rows."""
    made = tmp_path / "rows.sqlite"
    with closing(writer(made)) as connection:
        connection.execute("CREATE TABLE rows (x)")
        add(connection)
    return made


def writer(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    return connection


def add(connection: sqlite3.Connection) -> None:
    connection.executemany("INSERT INTO rows VALUES (?)", [(number,) for number in range(100)])


def rows(path: Path) -> int:
    with reading(path) as connection:
        (count,) = connection.execute("SELECT count(*) FROM rows").fetchone()
    assert isinstance(count, int)
    return count


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def left_by_a_crash(path: Path) -> None:
    """Write 100 rows more in a process that ends without closing the file."""
    child = os.fork()
    if not child:
        add(writer(path))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_a_file_at_rest_is_read_and_nothing_is_made_beside_it(path: Path) -> None:
    before = files(path.parent)
    assert rows(path) == 100
    assert files(path.parent) == before


def test_what_was_just_committed_is_read_and_the_files_stay_as_they_are(
    path: Path,
) -> None:
    left_by_a_crash(path)  # the files that a process of its own has open look the same
    before = files(path.parent)
    assert set(before) == {"rows.sqlite", "rows.sqlite-wal", "rows.sqlite-shm"}
    assert rows(path) == 200
    assert files(path.parent) == before


def test_a_server_in_this_very_process_goes_on_meanwhile(path: Path) -> None:
    with closing(writer(path)) as server:
        add(server)
        with reading(path) as connection:
            add(server)
            assert connection.execute("SELECT count(*) FROM rows").fetchone() == (300,)


def test_a_write_ahead_log_without_its_index_is_read_from_a_copy(path: Path) -> None:
    left_by_a_crash(path)
    path.with_name("rows.sqlite-shm").unlink()
    before = files(path.parent)
    assert rows(path) == 200
    assert files(path.parent) == before


def test_a_folder_that_nobody_may_write_is_read(path: Path) -> None:
    # Not below pytest's own folder, which nobody but its owner may enter.
    outer = Path(tempfile.mkdtemp())
    try:
        copy = Path(shutil.copyfile(path, outer / path.name))
        copy.chmod(0o444)
        outer.chmod(0o555)
        with as_nobody():
            assert rows(copy) == 100
        assert [entry.name for entry in outer.iterdir()] == [path.name]
    finally:
        outer.chmod(0o755)
        shutil.rmtree(outer)


def test_a_file_at_rest_that_is_written_meanwhile_is_not_trusted(path: Path) -> None:
    def read_while_it_is_written() -> None:
        with reading(path), closing(writer(path)) as server:
            add(server)

    with pytest.raises(ChangedMeanwhile, match="verify again"):
        read_while_it_is_written()


def test_an_empty_log_that_was_copied_along_is_no_write(path: Path) -> None:
    path.with_name("rows.sqlite-wal").touch()
    assert rows(path) == 100


def test_nothing_can_be_written_through_it(path: Path) -> None:
    for left in (False, True):
        if left:
            left_by_a_crash(path)
        with reading(path) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM rows")


def test_a_missing_file_and_one_of_nonsense_are_damage(path: Path) -> None:
    with pytest.raises(Corrupt, match="is missing"), reading(path.with_name("none.sqlite")):
        pass
    shutil.copyfile(__file__, path)
    with pytest.raises(Corrupt, match="cannot be read"), reading(path):
        pass
