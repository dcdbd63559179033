"""A projection says itself what it needs: no code tells one from another by class or by name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from projections.projections import ALL
from tests.house.tree import package_modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OF_ONE_KIND = {
    cls.__name__ for one in ALL for cls in type(one).__mro__ if cls.__module__ != "builtins"
} | {"Build", "Projection", "Restating"}
"""The classes of projections, and of their builds."""

NAMES = {one.name for one in ALL}
"""The names of projections: what is asked for by its name is found by it, and no more."""

_ASK_FOR_A_CLASS = {"isinstance", "issubclass", "type"}
_SAY_WHICH_IT_IS = {"name", "projection"}
"""Names of variables and attributes that hold the name of a projection."""


def test_no_code_tells_projections_apart() -> None:
    found = {
        f"{place}:{line}: {name}"
        for place, tree, _ in package_modules("projections", "ledger", "api")
        for line, name in told_apart(tree)
    }
    assert found == set()


def test_every_projection_is_one_of_those_that_are_looked_for() -> None:
    assert {"StatusProjection", "StandingProjection", "RestatementProjection"} <= OF_ONE_KIND
    assert "AgendaProjection" in OF_ONE_KIND
    assert {"status", "standing", "agenda", "restatements"} <= NAMES


@pytest.mark.parametrize(
    "code",
    [
        "isinstance(one, RestatementProjection)",
        "isinstance(one, Build | restating.Restating)",
        "isinstance(one, (Other, StatusProjection))",
        "type(one) is StatusProjection",
        "one.__class__ is StatusProjection",
        "match one:\n    case StandingProjection():\n        pass",
        "{StatusProjection: fill, status.StandingProjection: refill}[type(one)]",
        "dict([(StatusProjection, fill)])[type(one)]",
        "[(StatusProjection, fill)]",
        "steps[StatusProjection] = fill",
        "@fill.register(StatusProjection)\ndef _(one): ...",
        "@fill.register\ndef _(one: StatusProjection): ...",
        "type(one).__name__ == 'StatusProjection'",
        "{'StatusProjection': fill}[type(one).__name__]",
        "one.name == 'status'",
        "'standing' != projection.name",
        "projection in ('status', 'restatements')",
        "match one.name:\n    case 'status' | 'standing':\n        pass",
        "{'status': fill, 'standing': refill}[one.name]",
        "{'status': fill}.get(one.name)",
        "STEPS = {'status': fill, 'restatements': refill}",
    ],
)
def test_every_way_to_tell_them_apart_is_found(code: str) -> None:
    assert list(told_apart(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "StatusProjection()",
        "ALL = (StatusProjection(), StandingProjection())",
        "def fill(one: StatusProjection) -> None: ...",
        "class Later(StatusProjection): ...",
        "snapshot('status')",
        "{'name': name, 'status': found}",
        "{'status': 201, **rest}",
        "response.status == 'ok'",
    ],
)
def test_what_only_names_one_is_let_be(code: str) -> None:
    assert not list(told_apart(ast.parse(code)))


def told_apart(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The classes, and the names, by which something is told apart, with their lines."""
    for node in ast.walk(tree):
        yield from ((one.lineno, name) for one in _asked_for(node) for name in _named(one))


def _asked_for(node: ast.AST) -> list[ast.expr | ast.pattern]:
    """The parts of a node by whose classes or names something is told apart."""
    if isinstance(node, ast.Call):
        return _asked_by_call(node)
    if isinstance(node, ast.Compare):
        return [*_compared(node)]
    if isinstance(node, ast.MatchClass):
        return [node.cls]
    if isinstance(node, ast.Match):
        return [case.pattern for case in node.cases] if _says_which(node.subject) else []
    if isinstance(node, ast.Dict):
        return _keys(node)
    if isinstance(node, ast.Subscript):
        if _says_which(node.slice):
            return [node.value]
        return [node.slice] if isinstance(node.ctx, ast.Store) else []
    if isinstance(node, ast.Tuple):  # a pair of a class and what is done with it
        return [one for one in node.elts if isinstance(one, ast.Name | ast.Attribute)]
    if isinstance(node, ast.FunctionDef):
        return _registered(node)
    return []


def _asked_by_call(node: ast.Call) -> list[ast.expr | ast.pattern]:
    name = _name(node.func)
    if name in _ASK_FOR_A_CLASS:
        return [*node.args[1:]]
    if name == "register":
        return [*node.args]
    if name == "get" and isinstance(node.func, ast.Attribute):
        return [node.func.value] if any(map(_says_which, node.args)) else []
    return []


def _compared(node: ast.Compare) -> Iterable[ast.expr]:
    sides = (node.left, *node.comparators)
    if any(map(_is_a_type, sides)) or any(map(_says_which, sides)):
        return sides
    return ()


def _keys(node: ast.Dict) -> list[ast.expr | ast.pattern]:
    """The keys that are classes or their names, and, where all of several are, projections' names.

    A document has other keys beside, or its only one is a word of its own.
    """
    keys = [key for key in node.keys if key is not None]
    texts = [key.value for key in keys if isinstance(key, ast.Constant)]
    if len(texts) == len(node.keys) > 1 and NAMES.issuperset(texts):
        return [*keys]
    return [key for key in keys if not isinstance(key, ast.Constant) or key.value in OF_ONE_KIND]


def _registered(node: ast.FunctionDef) -> list[ast.expr | ast.pattern]:
    if any(_name(one) == "register" for one in node.decorator_list):
        return [one.annotation for one in node.args.args if one.annotation is not None]
    return []


def _is_a_type(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute) and node.attr == "__name__":
        return True
    called = isinstance(node, ast.Call) and _name(node.func) == "type"
    return called or _name(node) == "__class__"


def _says_which(node: ast.expr) -> bool:
    return _name(node) in _SAY_WHICH_IT_IS or _is_a_type(node)


def _named(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and part.value in NAMES | OF_ONE_KIND:
            yield part.value
        elif (name := _name(part)) in OF_ONE_KIND:
            yield name


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
