"""Whatever is put into an audit trail has an outcome: one place writes both."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.house.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITES = "ledger/access/orders.py"
"""The one file that records orders and concludes them."""

ORDERS = {"order", "order_act", "_order", "_order_erasure", "_order_export"}


def files() -> Iterator[Path]:
    for part in ("api", "ledger", "projections"):
        yield from (ROOT / part).rglob("*.py")


def called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)


def test_one_file_alone_writes_into_trails() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("record", "conclude")
        and str(path.relative_to(ROOT)) != WRITES
    ]
    assert found == []


def test_no_order_is_left_alone() -> None:
    """An order that nobody holds can have no outcome."""
    places, found = 0, []
    for path in files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            places += called(node) in ORDERS
            if isinstance(node, ast.Expr) and called(node.value) in ORDERS:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []
    assert places > 20, "the acts are found at all"
