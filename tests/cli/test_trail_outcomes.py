"""The trail names nothing as done that was refused, failed, or ended with its process."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.acts import order_act
from domain.errors import Unavailable
from ledger.folder import DataFolder
from tests.cli.running import PROGRAM, rapport, serving
from tests.fixtures.faults import failing
from tests.trail_entries import Entry, outcomes

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

PASSPHRASE = "a passphrase of some length"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RAPPORT_ARCHIVE_PASSPHRASE", PASSPHRASE)
    path = tmp_path / "data"
    assert rapport("policy", "init", "cafe", "--data", path).code == 0
    return path


def trail(data: Path, *arguments: object) -> list[Entry]:
    shown = rapport("trail", "--verify", "--json", "--data", data, *arguments)
    assert shown.code == 0, shown.err
    return outcomes(shown.json())


def test_a_master_key_that_was_not_rotated_is_not_told_of_as_rotated(data: Path) -> None:
    with serving("serve", "--port", 0, "--data", data):
        assert rapport("master-key", "rotate", "--data", data).code == 3
    assert rapport("master-key", "rotate", "--data", data).code == 0
    assert trail(data) == [
        ("master-key-rotated", "master-key", "refused"),
        ("master-key-rotated", "master-key", "done"),
    ]
    shown = rapport("trail", "--json", "--data", data).json()
    assert shown[1]["detail"] == {"reason": "folder-in-use"}


def test_a_second_restore_is_refused_and_so_it_stands_there(data: Path, tmp_path: Path) -> None:
    made = rapport("backup", "--with-keys", tmp_path / "saved", "--data", data)
    assert made.code == 0, made.err
    new = tmp_path / "new"
    assert rapport("restore", tmp_path / "saved", "--data", new).code == 0
    assert rapport("restore", tmp_path / "saved", "--data", new).code == 2
    assert trail(new) == [
        ("ledger-restored", "main", "done"),
        ("ledger-restored", "main", "refused"),
    ]
    assert trail(new, "--ledger", "main")[-1] == ("ledger-restored", "main", "done")


def test_ledgers_that_were_taken_back_are_not_told_of_as_restored(
    data: Path, tmp_path: Path
) -> None:
    assert rapport("ledgers", "create", "shop", "--data", data).code == 0
    assert rapport("policy", "init", "cafe", "--ledger", "shop", "--data", data).code == 0
    assert rapport("backup", "--with-keys", tmp_path / "saved", "--data", data).code == 0
    new = tmp_path / "new"
    only = ("--ledger", "shop", "--as", "shop")
    assert rapport("restore", tmp_path / "saved", *only, "--data", new).code == 0
    assert rapport("restore", tmp_path / "saved", "--data", new).code == 2
    assert trail(new) == [
        ("ledger-restored", "shop", "done"),
        ("ledger-restored", "main", "refused"),
        ("ledger-restored", "shop", "refused"),
    ]


def test_ledgers_that_are_there_are_restored_where_no_other_can_be_made(
    data: Path, tmp_path: Path
) -> None:
    assert rapport("ledgers", "create", "shop", "--data", data).code == 0
    assert rapport("backup", "--with-keys", tmp_path / "saved", "--data", data).code == 0

    new = tmp_path / "new"
    with failing(DataFolder, "create", Unavailable("the disk is full")):
        restored = rapport("restore", tmp_path / "saved", "--ledger", "shop", "--data", new)
        assert restored.code == 3, restored.err
    assert (new / "ledgers" / "shop").is_dir()
    assert trail(new) == [("ledger-restored", "shop", "done")]


def test_an_export_that_cannot_be_written_has_failed(data: Path, tmp_path: Path) -> None:
    full = Path("/dev/full")
    command = [*PROGRAM, "export", "-", "--data", str(data)]
    for unbuffered in ("", "1"):
        variables = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        with full.open("wb") as nowhere:
            ended = subprocess.run(
                command, stdout=nowhere, stderr=subprocess.PIPE, check=False, env=variables
            )
        assert (ended.returncode, ended.stderr) == (3, b"rapport: No space left on device\n")
    assert rapport("export", tmp_path / "no" / "such.tar", "--data", data).code == 3
    taken = tmp_path / "taken.tar"
    taken.touch()
    assert rapport("export", taken, "--data", data).code == 2
    assert rapport("export", tmp_path / "main.tar", "--data", data).code == 0
    shown = rapport("trail", "--json", "--data", data, "--ledger", "main").json()
    assert [outcome for act, _, outcome in outcomes(shown) if act == "ledger-exported"] == [
        "failed", "failed", "failed", "refused", "done",
    ]  # fmt: skip
    reasons = [one["detail"].get("reason") for one in shown if one["outcome"] == "failed"]
    assert reasons == ["ENOSPC", "ENOSPC", "unavailable"]


def test_a_passphrase_that_is_refused_exports_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_ARCHIVE_PASSPHRASE", "short")
    assert rapport("export", tmp_path / "x.tar", "--with-keys", "--data", data).code == 2
    assert rapport("backup", tmp_path / "saved", "--with-keys", "--data", data).code == 2
    assert trail(data, "--ledger", "main")[1:] == [
        ("ledger-exported", "main", "refused"),
        ("ledger-backed-up", "main", "refused"),
    ]


KILLED = """
import os, sys
from pathlib import Path
from api.cli.acts import order_act
with order_act(Path(sys.argv[1]), None, "master-key-rotated", "master-key"):
    os.kill(os.getpid(), 9)
"""


def test_an_act_whose_process_was_killed_stands_there_as_ordered(data: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(data)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert trail(data) == [("master-key-rotated", "master-key", "ordered")]
    assert rapport("master-key", "rotate", "--data", data).code == 0
    assert trail(data) == [
        ("master-key-rotated", "master-key", "ordered"),
        ("master-key-rotated", "master-key", "done"),
    ]


def test_the_table_shows_what_came_of_each_order(data: Path) -> None:
    assert rapport("keys", "create", "till", "--scope", "read", "--data", data).code == 0
    lines = rapport("trail", "--data", data).out.splitlines()
    assert lines[0].split() == ["number", "at", "by", "act", "subject", "outcome", "of"]
    assert [line.split()[3:] for line in lines[1:] if "key-made" in line] == [
        ["key-made", "till", "ordered"],
        ["key-made", "till", "done", "1"],
    ]


def test_a_key_that_could_not_be_made_keeps_no_server_from_starting(data: Path) -> None:
    """Nothing is asked of whoever comes: no key was ever made."""
    (data / "access.sqlite").unlink(missing_ok=True)
    with pytest.raises(OSError, match="full"):
        _order_and_fail(data)
    with serving("serve", "--port", 0, "--data", data):
        pass


def _order_and_fail(data: Path) -> None:
    with order_act(data, None, "key-made", "till"):
        raise OSError(errno.ENOSPC, "full")
