"""The folder of wheels that was named on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Wheels:
    """A folder with one wheel of the server and one of the client."""

    folder: Path

    @property
    def server(self) -> Path:
        """The wheel of ``rapport-ledger``."""
        return self._one("rapport_ledger-*.whl")

    @property
    def client(self) -> Path:
        """The wheel of ``rapport-client``."""
        return self._one("rapport_client-*.whl")

    def _one(self, pattern: str) -> Path:
        (found,) = self.folder.glob(pattern)
        return found


@pytest.fixture(scope="session")
def wheels(request: pytest.FixtureRequest) -> Wheels:
    folder = request.config.getoption("--wheels")
    if folder is None:
        pytest.skip("make wheel builds the wheels and tests them")
    return Wheels(Path(folder).resolve())
