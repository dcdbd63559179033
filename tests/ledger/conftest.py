from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.given import HandClock, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.ledger import Ledger


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: HandClock) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path, clock)
    yield opened
    opened.close()
