"""What every test has: the same examples every time, and real data where there is some."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from ledger.archive import key_encryption
from tests.fixtures.stores import POSTGRESQL, SQLITE, STORES, keep_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fixtures.postgresql import Databases

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("rapport", derandomize=True, deadline=None, database=None)
settings.load_profile("rapport")

# The server of a test follows its ledgers itself, which saves the start of a second process.
# Those of tests/followers and tests/crash have a process beside.
os.environ.setdefault("RAPPORT_FOLLOWERS", "inside")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--store``, and ``--wheels``: the wheels that ``tests/installing/test_wheels.py`` tests."""
    parser.addoption(
        "--store", choices=STORES, default=SQLITE, help="where the servers keep their ledgers"
    )
    parser.addoption("--wheels", metavar="FOLDER", help="the folder of wheels to be tested")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, where ledgers are in a database, what damages or locks files, with its reason.

    Raises:
        UsageError: a test is called long and does not say why.
    """
    for item in items:
        for mark in item.iter_markers("long"):
            if not mark.args:
                raise pytest.UsageError(f"{item.nodeid}: mark.long needs its reason")
    if config.getoption("--store") == POSTGRESQL:
        for item in items:
            for mark in item.iter_markers("files_only"):
                item.add_marker(pytest.mark.skip(reason=mark.args[0]))


def pytest_collection_finish() -> None:
    """Let the collector pass by what the collection made, which stays until the end.

    Thousands of tests and their examples are millions of objects, and to go over all of them takes
    the collector seconds.
    """
    gc.freeze()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Databases on a PostgreSQL that all processes of tests share; started by the first to ask."""
    from tests.fixtures.postgresql import databases

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with databases(shared) as made:
        yield made


@pytest.fixture(scope="session", autouse=True)
def _store(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--store") == POSTGRESQL:
        keep_in(request.getfixturevalue("postgresql"))


@pytest.fixture(scope="module")
def cheap_passphrases() -> Iterator[None]:
    """A guess of a passphrase costs little in this process, for whoever has many archives.

    That it costs half a second is what ``tests/ledger/archive/test_namespace.py`` pays, with the
    archives in ``tests/golden``, and every command in a process of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_encryption, "SCRYPT_COST", 2**10)
        yield


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
