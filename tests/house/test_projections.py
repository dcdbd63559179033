"""A projection says itself what it needs: no code tells one from another by its class."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from projections.projections import ALL
from tests.house.tree import package_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_ONE_KIND = {
    cls.__name__ for one in ALL for cls in type(one).__mro__ if cls.__module__ != "builtins"
} | {"Build", "Projection", "Restating"}
"""The classes of projections, and of their builds."""

_ASK_FOR_A_CLASS = {"isinstance", "issubclass", "type"}


def test_no_code_tells_projections_apart_by_their_class() -> None:
    found = {
        f"{place}:{line}: {name}"
        for place, tree, _ in package_modules("projections", "ledger", "api")
        for line, name in classes_asked_for(tree)
        if name in OF_ONE_KIND
    }
    assert found == set()


def test_every_projection_is_one_of_those_that_are_looked_for() -> None:
    assert {"StatusProjection", "StandingProjection", "RestatementProjection"} <= OF_ONE_KIND


@pytest.mark.parametrize(
    "told_apart",
    [
        "isinstance(one, RestatementProjection)",
        "isinstance(one, Build | restating.Restating)",
        "isinstance(one, (Other, StatusProjection))",
        "type(one) is StatusProjection",
        "one.__class__ is StatusProjection",
        "match one:\n    case StandingProjection():\n        pass",
    ],
)
def test_every_way_to_tell_them_apart_is_found(told_apart: str) -> None:
    assert OF_ONE_KIND & {name for _, name in classes_asked_for(ast.parse(told_apart))}


def classes_asked_for(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The names of classes by which something is told apart, with their lines."""
    for node in ast.walk(tree):
        asked: list[ast.expr] = []
        if isinstance(node, ast.Call) and _name(node.func) in _ASK_FOR_A_CLASS:
            asked = node.args[1:]
        elif isinstance(node, ast.Compare):
            asked = node.comparators if _asks_for_a_type(node) else []
        elif isinstance(node, ast.MatchClass):
            asked = [node.cls]
        for one in asked:
            names = (_name(part) for part in ast.walk(one))
            yield from ((one.lineno, name) for name in names if name)


def _asks_for_a_type(node: ast.Compare) -> bool:
    return any(
        (isinstance(part, ast.Call) and _name(part.func) == "type") or _name(part) == "__class__"
        for part in (node.left, *node.comparators)
    )


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
