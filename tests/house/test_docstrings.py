"""Everything public says what it promises."""

from __future__ import annotations

import ast
import importlib
import inspect
from typing import TYPE_CHECKING

from tests.house.tree import package_modules

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_everything_public_has_a_docstring() -> None:
    found = [name for place, tree, _ in package_modules() for name in _silent(place, tree)]
    assert found == []


def _silent(place: str, tree: ast.Module) -> Iterator[str]:
    if ast.get_docstring(tree) is None:
        yield place
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            if ast.get_docstring(node) is None:
                yield f"{place}:{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from _silent_methods(place, node, _promised(tree))


def _promised(tree: ast.Module) -> set[str]:
    """The methods that protocols of the module speak for, whoever has them."""
    return {
        member.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
        for member in node.body
        if isinstance(member, ast.FunctionDef) and ast.get_docstring(member)
    }


def _silent_methods(place: str, node: ast.ClassDef, promised: set[str]) -> Iterator[str]:
    """Methods without a docstring of their own or of the method they override."""
    for member in node.body:
        if not isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if member.name.startswith("_") or member.name in promised or ast.get_docstring(member):
            continue
        if not inspect.getdoc(getattr(_class(place, node.name), member.name)):
            yield f"{place}:{node.name}.{member.name}"


def _class(place: str, name: str) -> object:
    module = place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return getattr(importlib.import_module(module), name)
