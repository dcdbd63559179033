"""A file fits in a head, and its name says what is in it."""

from __future__ import annotations

import ast
import re

from tests.house.tree import ROOT, modules

DRAWERS = {
    "common", "data", "helper", "helpers", "info", "manager", "managers", "misc", "shared",
    "stuff", "tools", "util", "utils",
}  # fmt: skip  # a list of words reads better in a block


def test_no_file_has_more_than_400_lines() -> None:
    lengths = {place: source.count("\n") for place, _, source in modules()}
    assert {place: lines for place, lines in lengths.items() if lines > 400} == {}


def test_no_function_has_more_than_70_lines() -> None:
    found = {
        f"{place}:{node.name}": lines
        for place, tree, _ in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and (lines := node.end_lineno - node.lineno + 1) > 70
    }
    assert found == {}


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    parts = {
        place: set(place.removesuffix(".py").split("/")) & DRAWERS for place, _, _ in modules()
    }
    assert {place: names for place, names in parts.items() if names} == {}


def test_no_class_is_called_a_manager_or_a_helper() -> None:
    found = [
        f"{place}:{node.name}"
        for place, tree, _ in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and re.search(r"Manager|Helper|Utils?$", node.name)
    ]
    assert found == []


def test_every_level_of_the_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [
        str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()
    ] == []
