"""The files of the repository, found by walking it, so that no version control is needed."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "projections", "ledger", "api", "rapport_client")

CLIENT = "client/"
"""The distribution of the client, in which its package lies."""

_MADE = {"__pycache__", "build", "dist", "node_modules", "rapport-data", "rapport-demo"}


def files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that somebody wrote, none that a tool made."""
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") and path.name not in {".ci", ".github", ".gitignore"}
        if hidden or path.name in _MADE or path.suffix == ".egg-info":
            continue
        if path.is_dir():
            if not (path / "pyvenv.cfg").exists():
                yield from files(path)
        else:
            yield path


def texts() -> Iterator[tuple[str, str]]:
    """Every text file, as its place in the repository and its content."""
    for path in files():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@lru_cache(maxsize=1)
def modules() -> tuple[tuple[str, ast.Module, str], ...]:
    """Every Python file, as its place, its syntax tree and its source."""
    return tuple(
        (place, ast.parse(source, place), source)
        for place, source in texts()
        if place.endswith(".py")
    )


def package_modules(*packages: str) -> Iterator[tuple[str, ast.Module, str]]:
    """The Python files of these packages, of all of them where none is named."""
    for place, tree, source in modules():
        if place.removeprefix(CLIENT).split("/")[0] in (packages or PACKAGES):
            yield place, tree, source


def imported(tree: ast.Module) -> Iterator[str]:
    """The dotted names that a module imports, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
