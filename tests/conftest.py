"""What every test has: the same examples every time, and real data where there is some."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("rapport", derandomize=True, deadline=None, database=None)
settings.load_profile("rapport")

# The server of a test follows its ledgers itself, which saves the start of a second process.
# Those of tests/followers and tests/crash have a process beside.
os.environ.setdefault("RAPPORT_FOLLOWERS", "inside")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--wheels FOLDER``: the wheels that ``tests/installing/test_wheels.py`` is about."""
    parser.addoption("--wheels", metavar="FOLDER", help="the folder of wheels to be tested")


def pytest_collection_finish() -> None:
    """Let the collector pass by what the collection made, which stays until the end.

    Thousands of tests and their examples are millions of objects, and to go over all of them takes
    the collector seconds.
    """
    gc.freeze()


@pytest.fixture
def outside_file() -> Callable[[str], Path]:
    """Finds a data file that is too large for the repository, or skips the test and says why."""

    def find(name: str) -> Path:
        named = os.environ.get("RAPPORT_DATA")
        folders = [Path(named)] if named else []
        folders.append(ROOT.parent / "shared" / "data")
        for folder in folders:
            if (folder / name).is_file():
                return folder / name
        pytest.skip(f"{name} is neither in RAPPORT_DATA nor in ../shared/data")

    return find
