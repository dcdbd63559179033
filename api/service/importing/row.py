"""How a data file is laid out, and what one row of it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.importing.named_columns import NamedColumn
    from domain.errors import Invalid


@dataclass(frozen=True)
class FileShape:
    """How the file is laid out. ``delimiter`` None: runs of white space.

    ``skip_lines``: how many lines stand above the header, or above the rows where there is none.
    Where it is 0 the header is the first row, within the first lines, with every column of
    ``needed``; each of those is a set of spellings, of which one must be there. ``encoding`` None:
    UTF-8, UTF-16 and Windows-1252 are distinguished. ``named`` are the mapping's own columns.
    ``vcards``: the file is one of vCards, whose columns are always the same.
    """

    delimiter: str | None = ","
    header: bool = True
    columns: tuple[str, ...] | None = None
    encoding: str | None = None
    skip_lines: int = 0
    needed: tuple[frozenset[str], ...] = ()
    named: tuple[NamedColumn, ...] = ()
    vcards: bool = False


@dataclass(frozen=True)
class Row:
    """One row: the number of its line, from 1, its text in the file, and its columns by name.

    ``problem`` says why the columns could not be read; they are empty then.
    """

    line: int
    text: str
    columns: Mapping[str, str]
    problem: Invalid | None = None
