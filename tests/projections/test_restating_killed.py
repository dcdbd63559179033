"""Restating in a process that is killed inside a transaction goes on as if it had not been."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from api.bootstrap import now
from domain.presets import PRESETS
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from projections.limits import LIMITS, Limits
from tests.cli.sold import sold
from tests.fixtures.clock import Clock
from tests.projections.hands import Hands
from tests.projections.memory import NOW
from tests.projections.test_restating import NAME, followed_to_the_end

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

ROOT = Path(__file__).parents[2]

KILLED = """
import os, signal, sys
from pathlib import Path
import projections.restating as restating
from projections.limits import Limits
from tests.projections.test_restating import NAME
from tests.projections.test_restating_killed import held

folder, path, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
limits = Limits(restated_events=7, walk_events=7)
save, saved = restating.save, []

def die(connection, generation):
    save(connection, generation)
    saved.append(generation.position)
    if len(saved) == last:
        os.kill(os.getpid(), signal.SIGKILL)

restating.save = die
with held(folder, path, limits) as hands:
    while hands.follow(NAME, hands.ledger.head()):
        pass
"""


def held(folder: Path, path: Path, limits: Limits = LIMITS) -> AbstractContextManager[Hands]:
    """The projections of the folder's ledger, in a file of their own."""
    data = DataFolder.open(folder, SqliteStore, clock=now)
    hands = Hands(data.ledger("main"), Clock(NOW), path, limits)
    close = hands.close

    def close_both() -> None:
        close()
        data.close()

    hands.close = close_both  # type: ignore[method-assign]  # one end for both
    return closing(hands)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety events, and a policy for the past after them, so that there is a walk to be killed."""
    folder = sold(tmp_path_factory.mktemp("killed") / "data")
    with closing(DataFolder.open(folder, SqliteStore, clock=now)) as opened:
        opened.ledger("main").publish_policy(PRESETS["cafe"], 0).result()
    return folder


@pytest.mark.parametrize("step", [1, 4, 12, 15, 18])
def test_a_process_killed_in_a_step_or_a_walk_goes_on_from_the_step_before(
    data: Path, tmp_path: Path, step: int
) -> None:
    path = tmp_path / "projections.sqlite"
    arguments = [sys.executable, "-c", KILLED, str(data), str(path), str(step)]
    ended = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    with held(data, path) as hands:
        assert hands.digest(NAME).position < hands.ledger.head()
        assert followed_to_the_end(hands, hands.ledger)
        assert hands.digest(NAME).digest == hands.built_anew(NAME, hands.ledger.head())
