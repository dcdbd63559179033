"""The check of a file's columns before its rows are imported, and its report for people."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from api.cli.ending import UsageRefused
from api.cli.output import print_message, progress
from api.service.importing.columns import look_at_columns
from api.service.importing.fitting import COMMAND_LINE, refuse_other_columns, refuse_other_kind
from api.service.importing.lines import UTF_8, UnreadableFile
from api.service.importing.rows import open_rows
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from api.service.importing.columns import Column
    from api.service.importing.mapping import FileMapping
    from api.service.importing.rows import FileShape

DELIMITERS = (",", ";", "\t", "|")
ROWS_BETWEEN_LOOKS = 500
"""The number of rows between two updates of the progress."""


def columns_of(mapping: FileMapping, datafile: Path, *, quiet: bool) -> tuple[Column, ...]:
    """The file's columns, after one look at all of its rows.

    Raises:
        UsageRefused: the mapping reads a column that the file does not have, or is for vCards and
            the file has none, or the other way round.
    """
    with datafile.open("rb") as raw, _refusing():
        refuse_other_kind(mapping, raw, COMMAND_LINE)
    with (
        open_rows(datafile, mapping.shape) as rows,
        progress("looking at the columns", datafile.stat().st_size, quiet=quiet) as advance,
    ):
        with _refusing():
            missing = mapping.missing_columns(rows.columns_in_file)
            advice = _advice(mapping, datafile) if missing else ""
            refuse_other_columns(mapping, rows.columns_in_file, COMMAND_LINE, advice)

        def show_progress(count: int) -> None:
            if count % ROWS_BETWEEN_LOOKS == 0:
                advance(rows.bytes_read(), f"{count:,} rows")

        if rows.encoding != UTF_8 and mapping.shape.encoding is None:
            print_message(
                f"{datafile.name} is read as {rows.encoding}; another encoding can be said in"
                " [file] of the mapping"
            )
        return look_at_columns(mapping, rows, show_progress)


@contextmanager
def _refusing() -> Iterator[None]:
    """What is wrong with a file or with how it is named is a wrong use of the command."""
    try:
        yield
    except Invalid as error:
        raise UsageRefused(str(error)) from None


def _advice(mapping: FileMapping, datafile: Path) -> str:
    """Where the columns that the mapping reads seem to be named in the file, if anywhere."""
    shape = mapping.shape
    if not shape.header or shape.columns:
        return ""
    for delimiter in DELIMITERS:
        for skip_lines in {shape.skip_lines, 0}:
            other = replace(shape, delimiter=delimiter, skip_lines=skip_lines)
            with suppress(UnreadableFile), open_rows(datafile, other) as rows:
                if rows.header_line and not mapping.missing_columns(rows.columns_in_file):
                    return _mapping_advice(shape, other, rows.header_line)
    return ""


def _mapping_advice(shape: FileShape, other: FileShape, header_line: int) -> str:
    keys = []
    if other.delimiter != shape.delimiter:
        keys.append(f"delimiter = {json.dumps(other.delimiter)}")
    if other.skip_lines != shape.skip_lines:
        keys.append("no skip_lines")
    if not keys:
        return ""
    said = " and ".join(keys)
    return f"; line {header_line} looks like the header: say {said} in [file] of the mapping"


def name_suspicious(columns: Iterable[Column]) -> None:
    """Say on standard error which columns are suspicious, and why."""
    for column in columns:
        if column.suspicious:
            print_message(f"suspicious column {column.name}: {column.why}")


def ask_whether_to_go_on(columns: Iterable[Column]) -> None:
    """Ask, where there is a terminal to ask on and a column is suspicious.

    Raises:
        UsageRefused: the answer is no.
    """
    if not any(column.suspicious for column in columns) or not sys.stdin.isatty():
        return
    print_message("Recorded events stay forever. --dry-run shows the event of each row.")
    if not click.confirm("Import all the same?", err=True):
        raise UsageRefused("nothing was written: correct the file or the mapping, and run it again")
