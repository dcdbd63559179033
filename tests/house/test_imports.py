"""Which way imports go, and who may look outside."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.house.counts import (
    circles,
    files_that_import_sqlite3,
    files_that_name_a_store,
    imports,
)
from tests.house.tree import PACKAGES, ROOT, imported, package_modules

OUTSIDE = {
    "asyncio", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil",
    "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time",
}  # fmt: skip  # a list of words reads better in a block
CLOCKS_AND_FILES = {
    "input", "now", "open", "print", "today", "utcnow", "uuid1", "uuid4", "uuid7",
}  # fmt: skip  # a list of words reads better in a block
KNOWS_STORES = ["api/bootstrap.py"]
"""The composition root hands the store in; everything else knows its protocols alone."""

READERS_OF_THE_ENVIRONMENT = {"api/bootstrap.py", "api/service/settings.py"}


def test_the_contracts_on_imports_hold() -> None:
    program = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 broken" in ran.stdout


def test_the_modules_of_every_package_are_looked_at() -> None:
    assert {name.split(".")[0] for name in imports()} == set(PACKAGES)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for types count too: a reader follows them all the same."""
    assert circles(imports()) == []


def test_domain_stands_on_the_standard_library_alone() -> None:
    allowed = sys.stdlib_module_names | {"domain"}
    found = {
        f"{place}: {name}"
        for place, tree, _ in package_modules("domain")
        for name in imported(tree)
        if name.split(".")[0] not in allowed
    }
    assert found == set()


def test_domain_cannot_reach_a_file_a_clock_or_chance() -> None:
    reached = {
        f"{place}: {name}"
        for place, tree, _ in package_modules("domain")
        for name in imported(tree)
        if name.split(".")[0] in OUTSIDE
    }
    called = {
        f"{place}:{node.lineno}: {name}"
        for place, tree, _ in package_modules("domain")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (name := _called(node)) in CLOCKS_AND_FILES
    }
    assert reached | called == set()


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def test_only_the_composition_root_reads_the_environment() -> None:
    readers = {
        place
        for place, tree, _ in package_modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}
    }
    assert readers <= READERS_OF_THE_ENVIRONMENT


def test_the_sqlite_store_alone_imports_sqlite3() -> None:
    assert files_that_import_sqlite3() == []


def test_only_the_composition_root_imports_a_store() -> None:
    assert files_that_name_a_store() == KNOWS_STORES


def test_an_import_alone_starts_nothing() -> None:
    """A fresh interpreter imports everything and has one thread and no open file of its own."""
    program = (
        "import threading, sys, pkgutil, importlib\n"
        "for name in sys.argv[1:]:\n"
        "    package = importlib.import_module(name)\n"
        "    for found in pkgutil.walk_packages(package.__path__, name + '.'):\n"
        "        if not found.name.endswith('__main__'):\n"
        "            importlib.import_module(found.name)\n"
        "print(threading.active_count(), end='')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *PACKAGES],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip  # one argument a line would bury the call
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "1", "")


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_installed_distribution_ships_our_top_level_names(name: str) -> None:
    left = {"rapport-client"} if (ROOT / "client" / "rapport_client.egg-info").is_dir() else set()
    assert set(packages_distributions().get(name, [])) - left <= {"rapport-ledger"}
