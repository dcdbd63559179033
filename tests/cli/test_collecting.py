"""What a process that holds a ledger does about its garbage."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from api.cli.collecting import collect_seldom

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def as_before() -> Iterator[None]:
    """The collector as it was; what it passes by is what tests/conftest.py says, and no more."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("as_before")
def test_cycles_are_looked_for_seldom_and_still_found() -> None:
    collect_seldom()
    assert gc.isenabled()
    assert gc.get_threshold()[0] == 50_000
