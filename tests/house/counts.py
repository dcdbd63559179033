"""Counts that say how the house stands: ``python -m tests.house.counts`` prints them as a table.

They are for comparing one commit with another; the rules that must hold are in the tests beside.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.house.prose import is_rewritten, read, rejected
from tests.house.tree import CLIENT, PACKAGES, ROOT, imported, modules, package_modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST_TEST_NAME = 70
NEAR_THE_LIMIT = range(380, 401)
PUBLIC_ALL_THE_SAME = frozenset({"_asdict", "_exit", "_fields", "_make", "_replace"})
"""Names of the standard library that begin with an underscore and are documented."""

STORES = "ledger/stores/"
"""Protocols are its files, and each folder in it is a store that keeps them."""

SQLITE = f"{STORES}sqlite/"


def lines_by_room() -> Counter[str]:
    """Lines of Python by room: the folder at the top, or the one below it in ``api``."""
    found: Counter[str] = Counter()
    for place, _, source in modules():
        parts = place.split("/")
        room = "/".join(parts[:2]) if parts[0] == "api" and len(parts) > 2 else parts[0]
        found[room] += source.count("\n")
    return found


def imports() -> Mapping[str, frozenset[str]]:
    """The modules of ours that each module of ours imports, also for its types alone."""
    names = {_dotted(place): tree for place, tree, _ in package_modules()}
    return {
        name: frozenset(one for one in imported(tree) if one in names and one != name)
        for name, tree in names.items()
    }


def circles(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """The modules from which a chain of imports leads back to themselves, sorted.

    >>> circles({"a": ["b"], "b": ["a"], "c": ["a"]})
    ['a', 'b']
    """
    return sorted(name for name in edges if name in _reached(name, edges))


def files_that_import_sqlite3() -> list[str]:
    """The files outside the SQLite store that import its library."""
    return [
        place
        for place, tree, _ in package_modules()
        if not place.startswith(SQLITE)
        and any(name.split(".")[0] == "sqlite3" for name in imported(tree))
    ]


def private_accesses() -> int:
    """How often a test reaches for a private name of something that is not itself."""
    return sum(
        isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in PUBLIC_ALL_THE_SAME
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        for node in _nodes_of_tests()
    )


def patches() -> int:
    """How often a test replaces a name of a module or an object."""
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("setattr", "patch")
        for node in _nodes_of_tests()
    )


def long_test_names() -> list[str]:
    """The names of tests that are longer than ``LONGEST_TEST_NAME`` characters."""
    return [
        node.name
        for node in _nodes_of_tests()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and len(node.name) > LONGEST_TEST_NAME
    ]


def files_that_name_a_store() -> list[str]:
    """The files that import a store itself, and not the protocols that every store keeps."""
    stores = {path.name for path in (ROOT / STORES).iterdir() if (path / "__init__.py").exists()}
    inside = tuple(f"{STORES}{store}/" for store in stores)
    beginnings = tuple(f"ledger.stores.{store}" for store in stores)
    return [
        place
        for place, tree, _ in package_modules()
        if not place.startswith(inside)
        and any(name.startswith(beginnings) for name in imported(tree))
    ]


def files_to_add_something() -> dict[str, int]:
    """How many files are edited by hand to add what CONTRIBUTING has a row for, as it says."""
    return {row.thing: row.files for row in rows_of_contributing()}


@dataclass(frozen=True)
class Row:
    """What CONTRIBUTING says of adding one thing: where, and in how many files."""

    thing: str
    places: tuple[str, ...]
    files: int


def rows_of_contributing() -> list[Row]:
    """The table "To add something"."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return [
        Row(thing, tuple(re.findall(r"`([\w.-]+/[\w./-]*)`", edit)), int(files))
        for thing, edit, files in re.findall(
            r"^\| (\w.*?) \| (.*?) \| (\d+) \|", text, re.MULTILINE
        )
    ]


def files_near_the_limit() -> list[str]:
    """The files of the packages that have 380 to 400 lines."""
    return [place for place, _, source in package_modules() if source.count("\n") in NEAR_THE_LIMIT]


def rejected_sentences() -> tuple[int, int]:
    """How many places break a rule of prose: in files that are rewritten, and in the others."""
    found = [(is_rewritten(place), len(list(rejected(place)))) for place in read()]
    done = sum(count for is_done, count in found if is_done)
    return done, sum(count for _, count in found) - done


def counts() -> Iterator[tuple[str, int]]:
    """Every count with its name, in the order in which they are printed."""
    for room, lines in sorted(lines_by_room().items()):
        yield f"lines in {room}", lines
    yield "files in the packages", sum(1 for _ in package_modules(*PACKAGES))
    yield "modules that import each other in a circle", len(circles(imports()))
    yield "files outside the store that import sqlite3", len(files_that_import_sqlite3())
    yield "files outside a store that import it", len(files_that_name_a_store())
    for thing, files in files_to_add_something().items():
        yield f"files edited to add {thing}", files
    yield "files of 380 to 400 lines", len(files_near_the_limit())
    yield "private accesses in tests", private_accesses()
    yield "patched names in tests", patches()
    rewritten, others = rejected_sentences()
    yield "sentences and names that plain English rejects", rewritten
    yield "the same in files that are not rewritten yet", others
    yield f"names of tests over {LONGEST_TEST_NAME} characters", len(long_test_names())


def _nodes_of_tests() -> Iterator[ast.AST]:
    for place, tree, _ in modules():
        if place.startswith("tests/"):
            yield from ast.walk(tree)


def _reached(start: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in edges.get(waiting.pop(), ()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def _dotted(place: str) -> str:
    inside = place.removeprefix(CLIENT).removesuffix(".py").removesuffix("/__init__")
    return inside.replace("/", ".")


if __name__ == "__main__":
    for name, count in counts():
        print(f"{count:>8,}  {name}")
