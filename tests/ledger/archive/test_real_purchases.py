"""Real purchases, exported and imported: the same root, digests and answers."""

from __future__ import annotations

import gzip
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from api.bootstrap import build
from api.service.importing.mapping import read_mapping
from api.service.settings import Settings
from domain.instants import parse_instant
from tests.importing.ledgers import imported_into
from tests.importing.test_mapping import EXAMPLES
from tests.ledger.archive.archives import PASSPHRASE, exported_from, imported
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from api.service.server import Server

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

LINES = 4001
NOW = parse_instant("1998-07-01T12:00:00Z")


@pytest.fixture
def bought(tmp_path: Path, outside_file: Callable[[str], Path]) -> Path:
    """A data folder with the first rows of CDNOW in ``main``."""
    path = tmp_path / "cdnow.txt"
    with gzip.open(outside_file("CDNOW_master.txt.gz")) as whole, path.open("wb") as part:
        part.writelines(line for _, line in zip(range(LINES), whole, strict=False))
    with closing(served(tmp_path / "data")) as server:
        ledger = server.ledger("main").ledger
        account, rejects = imported_into(ledger, read_mapping(EXAMPLES / "cdnow.toml"), path)
        assert account.appended == LINES - 1
        assert rejects == []
    return tmp_path / "data"


def served(folder: Path) -> Server:
    return build(Settings(folder=folder), clock=lambda: NOW)


def answers(folder: Path) -> object:
    """The digest of each projection, live and rebuilt, and every contact's status."""
    with closing(served(folder)) as server:
        one = server.ledger("main")
        ledger, projections = one.ledger, one.projections
        digests = {}
        for state in projections.states():
            projections.wait_for(ledger.head(), 30, state.name)
            done = projections.operations.wait(projections.rebuild(state.name).id)
            assert done.result is not None
            assert done.result["drift"] == []
            digests[state.name] = (done.result["position"], done.result["digest"])
        statuses = [(s.stages, s.position, s.as_of) for s in [projections.summary(None)]]
        checkpoint = ledger.transparency.checkpoint()
        return digests, statuses, checkpoint


@pytest.mark.parametrize(
    "passphrase",
    [PASSPHRASE, pytest.param(None, marks=pytest.mark.long("the whole file again, without keys"))],
)
def test_the_digests_and_the_root_are_the_same_afterwards(
    bought: Path, tmp_path: Path, passphrase: str | None
) -> None:
    clock = HandClock(NOW)
    exported, archive = exported_from(bought, clock, "main", passphrase)
    imported(tmp_path / "archive", archive, tmp_path / "elsewhere", clock, passphrase)
    assert exported.position > LINES
    assert answers(tmp_path / "elsewhere") == answers(bought)
    assert (
        exported_from(tmp_path / "elsewhere", clock, "main")[1]
        == (exported_from(bought, clock, "main")[1])
    )
