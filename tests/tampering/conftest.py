"""One ledger for all, and a copy of it for each that tampers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.tampering.contents import contents
from tests.tampering.town import LEDGER, found_town, verified

if TYPE_CHECKING:
    from pathlib import Path

    from api.cli.verifying.folder import Outcome
    from ledger.verification.faults import Fault


@dataclass(frozen=True)
class Town:
    """The ledger as it was, every checkpoint that was kept of it, and a place for copies."""

    path: Path
    notes: list[bytes]
    contents: dict[str, object]
    aside: Path

    @property
    def ledger(self) -> Path:
        return self.path / "ledgers" / LEDGER

    def copy(self) -> Path:
        """The one copy, as it was at first."""
        shutil.rmtree(self.aside, ignore_errors=True)
        shutil.copytree(self.path, self.aside)
        return self.aside

    def faults(self, *, drift: bool = False) -> list[Fault]:
        """What is found in the copy by someone who kept the checkpoints."""
        return faults_of(verified(self.aside, notes=self.notes, drift=drift))

    def is_unchanged(self) -> bool:
        """Whether the copy still says the same."""
        return contents(self.aside) == self.contents


def faults_of(outcome: Outcome) -> list[Fault]:
    """All faults, the first one first."""
    found = list(outcome.faults)
    for report in outcome.reports:
        found += [report.first] if report.first else []
        found += report.faults
    assert outcome.sound is not bool(found)
    return found


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    folder = tmp_path_factory.mktemp("tampering")
    notes = found_town(folder / "data")
    (folder / "data" / "rapport.lock").unlink()
    return Town(folder / "data", notes, contents(folder / "data"), folder / "copy")
