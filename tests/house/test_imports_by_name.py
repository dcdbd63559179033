"""Modules are imported by import statements, which the tests of imports can see."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.house.counts import SQLITE
from tests.house.tree import package_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = "api/cli/__init__.py"
"""Imports the one command that is run, by its name: importing all takes longer than most need."""

COMPOSITION_ROOT = "api/bootstrap.py"

SAYS_HOW_FILES_ARE_CALLED = {
    "api/service/answers/persons.py",  # a reason on the wire: which backup still opens with a key
}
"""Files outside the store whose texts name a file of SQLite to readers of an answer."""

_HARMLESS = {"importlib.metadata", "importlib.resources"}
_IMPORTS_BY_NAME = {"__import__", "import_module", "exec", "eval", "resolve_topic", "get_topic"}
_LOADERS = {"importlib", "imp", "pkgutil", "runpy", "zipimport"}


def test_only_the_command_line_imports_a_module_by_its_name() -> None:
    found = {
        place for place, tree, _ in package_modules() if any(True for _ in imports_by_name(tree))
    }
    assert found == {COMMANDS}


def test_the_command_line_imports_its_own_commands_alone() -> None:
    (tree,) = (tree for place, tree, _ in package_modules("api") if place == COMMANDS)
    (call,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _last_name(node.func) == "import_module"
    )
    (named,) = call.args
    assert isinstance(named, ast.JoinedStr)
    assert isinstance(named.values[0], ast.Constant)
    assert named.values[0].value == "api.cli."


@pytest.mark.parametrize(
    "evading",
    [
        "__import__('sqlite3')",
        "import importlib\nimportlib.import_module('sqlite3')",
        "from importlib import import_module as load\nload('sqlite3')",
        "from importlib.util import spec_from_file_location",
        "import runpy",
        "exec('import sqlite3')",
        "from eventsourcing.utils import resolve_topic\nresolve_topic('sqlite3:connect')",
        "sys.modules['sqlite3']",
        "builtins.__import__",
    ],
)
def test_every_way_to_import_by_name_is_found(evading: str) -> None:
    assert list(imports_by_name(ast.parse(evading)))


@pytest.mark.parametrize(
    "harmless", ["import importlib.metadata", "from importlib import metadata"]
)
def test_what_reads_of_a_distribution_imports_nothing(harmless: str) -> None:
    assert not list(imports_by_name(ast.parse(harmless)))


def test_no_text_above_the_store_names_sqlite() -> None:
    """A module that is named in a text can be loaded by a library, and a file can be opened."""
    found = {
        place
        for place, tree, _ in package_modules("domain", "projections", "ledger", "api")
        if not place.startswith(SQLITE) and any("sqlite" in one.lower() for one in _texts(tree))
    }
    assert found - {COMPOSITION_ROOT} == SAYS_HOW_FILES_ARE_CALLED


def imports_by_name(tree: ast.AST) -> Iterator[int]:
    """The lines that import, or could import, what no import statement names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            if any(_loads(alias.name) for alias in node.names):
                yield node.lineno
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            whole = {f"{module}.{alias.name}" for alias in node.names}
            if _loads(module) and not whole <= _HARMLESS:
                yield node.lineno
        elif _last_name(node) in _IMPORTS_BY_NAME or _last_name(node) == "modules":
            yield node.lineno  # type: ignore[attr-defined]  # names and attributes have lines


def _loads(module: str) -> bool:
    return module not in _HARMLESS and module.split(".", maxsplit=1)[0] in _LOADERS


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _texts(tree: ast.Module) -> Iterator[str]:
    """The texts and the names in a module, without docstrings."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in documentation:
                yield node.value
        else:
            yield _last_name(node)
