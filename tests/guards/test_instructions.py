"""The hot paths take no more instructions than the bounds allow."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.cachegrind import ran, require_valgrind
from benchmarks.measure import NotMeasured
from tests.guards.bounds import INSTRUCTIONS
from tests.guards.counting import KINDS
from tests.guards.purchases import make

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 1_800
"""How long it may take on a busy machine; on a quiet one it takes ten or twenty."""


@pytest.fixture(scope="module")
def instructions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    try:
        require_valgrind()
    except NotMeasured as missing:
        pytest.skip(str(missing))
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the bounds were counted on CPython 3.11")
    return counted_instructions(tmp_path_factory.mktemp("counted"))


def counted_instructions(folder: Path) -> dict[str, int]:
    """By kind of work, the instructions of one of it."""
    make(folder / "data")
    program = [sys.executable, "-m", "tests.guards.counting", str(folder / "data")]
    printed, counts = ran(program, folder, SECONDS)
    marks = [line.split() for line in printed.splitlines()]
    totals = [counts.of(int(process_id)) for _, process_id in marks]
    times = [int(done) for done, _ in marks[1:]]
    return {
        name: (after - before) // done
        for name, before, after, done in zip(KINDS, totals, totals[1:], times, strict=False)
    }


@pytest.mark.long("valgrind runs every path some fifty times slower; statements are counted beside")
@pytest.mark.parametrize("name", KINDS)
def test_a_path_takes_no_more_instructions_than_its_bound(
    name: str, instructions: dict[str, int]
) -> None:
    assert instructions[name] <= INSTRUCTIONS[name]
