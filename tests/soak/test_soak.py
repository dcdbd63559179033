"""One round of what ``make soak`` does many of: a dead database, and a promoted standby."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

from tests.soak.cluster import cluster, new_database
from tests.soak.rounds import deaths, deaths_of_several, failovers

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def once(done: int) -> bool:
    return done < 1


def test_what_was_acknowledged_survives_the_database_and_its_primary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_LOG_LEVEL", "error")
    chance = random.Random(0)  # of which the first choice is the death of the database

    def use(url: str) -> None:
        monkeypatch.setitem(os.environ, "RAPPORT_DATABASE_URL", url)

    with cluster() as database:
        use(new_database(database, "deaths"))
        assert deaths(tmp_path / "deaths", database, chance, once).acknowledged
        use(new_database(database, "several"))
        assert deaths_of_several(tmp_path / "several", database, chance, once).acknowledged
        found, promoted = failovers(tmp_path / "promoted", database, chance, once, use)
        promoted.remove()
        assert found.acknowledged
