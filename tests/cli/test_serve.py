"""``rapport serve``: a clear line and a code for everything that keeps it from serving."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from pathlib import Path

import httpx
import pytest

from tests.cli.running import Ended, rapport, serving
from tests.fixtures.patience import END_SECONDS


def refused(*arguments: object) -> Ended:
    ended = rapport("serve", *arguments)
    assert ended.err.startswith("rapport: ")
    assert ended.err.count("\n") == 1, "one line, no traceback"
    return ended


def made(folder: Path) -> Path:
    """A data folder that was used before."""
    assert rapport("policy", "init", "cafe", "--data", folder).code == 0
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_stops_in_good_order(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        assert httpx.get(f"{server.url}/livez", timeout=END_SECONDS).json() == {"status": "ok"}
        server.process.send_signal(number)
        _, err = server.process.communicate(timeout=END_SECONDS)
        assert server.process.returncode == 0
        assert "everything accepted is recorded" in err
    assert rapport("doctor", "--data", tmp_path / "data").code == 0


def test_a_busy_port_is_found_before_the_folder_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = refused("--port", port, "--data", tmp_path / "data")
    assert ended.code == 4
    assert f"cannot listen on 127.0.0.1 port {port}: address already in use" in ended.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_advises_another_host(host: str, tmp_path: Path) -> None:
    """192.0.2.1 is for documentation, and no machine's. Source: RFC 5737."""
    keys = ("keys", "create", "x", "--scope", "read", "--data", tmp_path / "data")
    assert rapport(*keys).code == 0
    ended = refused("--host", host, "--port", 0, "--data", tmp_path / "data")
    assert ended.code == 4
    assert ended.err.endswith("; --host chooses another\n")


def test_a_second_server_on_the_folder_is_told_who_has_it(tmp_path: Path) -> None:
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        ended = refused("--port", 0, "--data", tmp_path / "data")
        assert ended.code == 3
        assert f"in use by process {server.process.pid}" in ended.err
        assert httpx.get(f"{server.url}/livez", timeout=END_SECONDS).status_code == 200


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "readonly"
    folder.mkdir(mode=0o500)
    # Root may write everywhere but where the system itself says no.
    data = Path("/proc/rapport-data") if os.geteuid() == 0 else folder
    ended = refused("--port", 0, "--data", data)
    assert ended.code == 3
    assert f"the data folder {data} cannot be used" in ended.err


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    ended = refused("--port", 0, "--data", tmp_path)
    assert ended.code == 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["diary.txt"]


@pytest.mark.parametrize("name", ["events.sqlite", "keys.sqlite"])
def test_a_damaged_database_is_refused(tmp_path: Path, name: str) -> None:
    database = made(tmp_path / "data") / "ledgers" / "main" / name
    database.write_bytes(b"not a database at all" * 500)
    ended = refused("--port", 0, "--data", tmp_path / "data")
    assert ended.code == 3


@pytest.mark.parametrize("name", ["events.sqlite", "keys.sqlite"])
def test_a_database_of_another_program_is_refused_and_unchanged(tmp_path: Path, name: str) -> None:
    database = made(tmp_path / "data") / "ledgers" / "main" / name
    database.unlink()
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE songs (title)")
    connection.close()
    before = database.read_bytes()
    ended = refused("--port", 0, "--data", tmp_path / "data")
    assert ended.code == 3
    assert "another program's database" in ended.err
    assert database.read_bytes() == before


def test_a_lost_master_key_is_said_and_not_replaced(tmp_path: Path) -> None:
    folder = made(tmp_path / "data")
    (folder / "master.key").unlink()
    ended = refused("--port", 0, "--data", folder)
    assert (ended.code, (folder / "master.key").exists()) == (3, False)
