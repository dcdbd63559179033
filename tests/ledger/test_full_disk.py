"""A disk that is nearly full, as a limit to the size of files: a ledger is made whole or not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

OPENING = """
import resource, shutil, sys
from pathlib import Path
from domain.errors import Unavailable
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.ledger.given import HandClock
path, outcomes = Path(sys.argv[1]), []
for limit in range(0, 64, 4):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit * 1024, resource.RLIM_INFINITY))
    try:
        folder = DataFolder.open(path, SqliteStore, clock=HandClock())
    except Unavailable as error:
        outcomes.append(False)
        assert ".new-" not in str(error), error
        assert "full" in str(error) or "File too large" in str(error), error
        assert not [*path.glob("ledgers/*")], limit
    else:
        outcomes.append(True)
        assert folder.ledger("main").head() == 1
        folder.close()
        shutil.rmtree(path)
print(outcomes.count(False), outcomes.count(True))
"""

SERVING = """
import resource, sys
from pathlib import Path
from api.bootstrap import build
from api.service.settings import Settings
from domain.errors import Unavailable
server = build(Settings(folder=Path(sys.argv[1])))
refused = made = 0
for limit in range(0, 320, 8):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit * 1024, resource.RLIM_INFINITY))
    try:
        server.create(f"n{limit}")
        made += 1
    except Unavailable as error:
        assert str(Path(sys.argv[1])) not in str(error), error
        refused += 1
    assert len(server.all_settings()) == len(server.folder.names()) == made + 1
    assert len(server.ledgers) == made + 1
    assert server.ledger("main").ledger.event(1)
    entries = [entry.name for entry in (Path(sys.argv[1]) / "ledgers").iterdir()]
    assert len(entries) == made + 1, entries
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
assert server.create("n0")[1]
server.close()
print(refused, made)
"""


def outcomes(program: str, folder: Path) -> list[int]:
    """How often the program says it failed, and how often it went well."""
    ended = subprocess.run(
        [sys.executable, "-c", program, folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [int(count) for count in ended.stdout.split()]


def test_whatever_the_room_the_folder_is_opened_or_the_error_is_clear(tmp_path: Path) -> None:
    assert min(outcomes(OPENING, tmp_path / "data")) > 3


def test_a_server_makes_a_ledger_whole_or_not_and_serves_the_others(
    tmp_path: Path,
) -> None:
    assert min(outcomes(SERVING, tmp_path / "data")) > 3
