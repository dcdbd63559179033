"""A server killed at any moment has lost nothing that it acknowledged, and doubled nothing."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from tests.crash.rounds import endured, one_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crash.rounds import Load

ROUNDS = 8
MOST_ACKNOWLEDGED = 150


def killed(load: Load) -> None:
    """It is killed after some number of acknowledgements."""
    load.watch.acknowledged.more(load.chance.randint(1, MOST_ACKNOWLEDGED))
    load.kill()


def test_what_was_acknowledged_survives_any_number_of_kills(tmp_path: Path) -> None:
    started = partial(one_server, tmp_path / "data")
    endured(random.Random(20260301), [killed] * ROUNDS, started)
