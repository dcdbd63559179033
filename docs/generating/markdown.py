"""The few forms of Markdown that the pages are made of."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def opening(title: str, source: str, introduction: str) -> str:
    """The head of a page, with a note that says what to edit instead of it."""
    note = f"<!-- Written by `make docs` from {source}: edit that instead. -->"
    return f"# {title}\n\n{note}\n\n{introduction}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(content: object) -> str:
    return " ".join(str(content).split()).replace("|", "\\|")


def code(text: str, language: str = "") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def words(names: Iterable[object]) -> str:
    """Names as code, with commas."""
    return ", ".join(f"`{name}`" for name in names)


def docstring(documented: object) -> str:
    """The docstring, with its double backquotes as Markdown wants them."""
    return (inspect.getdoc(documented) or "").replace("``", "`")


def first_sentence(documented: object) -> str:
    """The promise of a docstring."""
    paragraph = " ".join(docstring(documented).split("\n\n")[0].split())
    return re.split(r"(?<=[.?]) (?=[A-Z`])", paragraph)[0]
