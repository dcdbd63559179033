"""A ledger in memory with a clock that stands still, and its projections, moved by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.instants import DAY
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.clock import Clock
from tests.projections.hands import Hands
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    """Noon of 2026-01-01."""
    return Clock(NOW)


@pytest.fixture
def ledger(clock: Clock) -> MemoryLedger:
    """Ann, Ben and Cat have been contacts for a year, and known for a day."""
    clock.instant = NOW - DAY
    told = MemoryLedger(clock)
    for contact in (ANN, BEN, CAT):
        told.tell(contact, "contact-registered", NOW - 365 * DAY)
    clock.instant = NOW
    return told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the projections are kept."""
    return tmp_path / "projections.sqlite"


@pytest.fixture
def hands(ledger: MemoryLedger, clock: Clock, path: Path) -> Iterator[Hands]:
    """The projections, empty until they are moved."""
    held = Hands(ledger, clock, path)
    yield held
    held.close()
