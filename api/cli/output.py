"""The output of commands: tables and bars for people, JSON for programs, plain lines for pipes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from api.cli.streams import is_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PLAIN_LINE_SECONDS = 5
"""Seconds between the lines of a long command where there is no terminal."""


def count_with_noun(count: int, noun: str) -> str:
    """A count with its noun, in the plural unless it is one.

    >>> count_with_noun(1, "event"), count_with_noun(1200, "event")
    ('1 event', '1,200 events')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def print_json(content: object) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=not is_utf8()))


def print_json_line(content: object) -> None:
    """One JSON document as a line on standard output."""
    click.echo(json.dumps(content, ensure_ascii=not is_utf8()))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str = "") -> None:
    """A table on standard output, or the sentence ``empty`` where it has no rows.

    Nothing is cut: cells wrap between words. Where the words alone are wider than the terminal each
    row is written as lines of their own, so that what is copied stays in one piece. Where there is
    no terminal, lines are as long as they need to be.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
        return
    console = Console(markup=False, highlight=False, emoji=False)
    columns = [(heading, *column) for heading, *column in zip(headings, *cells, strict=True)]
    widths = _widths(columns, console.width if console.is_terminal else None)
    if widths is None:
        _print_records(headings, cells)
        return
    if not console.is_terminal:
        console.width = sum(widths) + _GAP * len(widths)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP // 2))
    for heading, width in zip(headings, widths, strict=True):
        table.add_column(Text(heading), width=width, overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    with console.capture() as printed:
        console.print(table)
    # Printed by itself, rich ends the process where the reader of a pipe left.
    click.echo(printed.get(), nl=False)


_GAP = 2
"""The number of spaces between columns."""


def _widths(columns: Sequence[Sequence[str]], room: int | None) -> list[int] | None:
    """The width of each column within the room; None if their words need more than that."""
    widths = [max(cell_len(line) for cell in one for line in [*cell.splitlines(), ""])
              for one in columns]  # fmt: skip  # one comprehension, one thought
    least = [max(cell_len(word) for cell in one for word in [*cell.split(), ""]) for one in columns]
    if room is None:
        return widths
    room -= _GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max(
            (place for place in range(len(widths)) if widths[place] > least[place]),
            key=widths.__getitem__,
        )
        widths[widest] -= 1
    return widths


def _print_records(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Each row as lines of a heading and a cell, which are as long as they need to be."""
    width = max(map(cell_len, headings))
    for number, row in enumerate(rows):
        if number:
            click.echo()
        for heading, cell in zip(headings, row, strict=True):
            for place, line in enumerate(cell.splitlines()):
                label = heading if place == 0 else ""
                click.echo(f"{label:<{width}}  {line}")


def print_message(line: str) -> None:
    """Write a line for people to standard error, so that it never mixes with an answer."""
    click.echo(line, err=True)


Advance = Callable[[float, str], None]
"""It is called with how much is done and a note, as often as wanted."""


@contextmanager
def progress(label: str, total: int, *, quiet: bool = False) -> Iterator[Advance]:
    """Shows how much of the total is done, and that all of it is at the end.

    At a terminal it is a bar that moves from the first moment, also while nothing is known of how
    much is done. Elsewhere it is a line now and then, and none where all is done soon.
    """
    console = Console(stderr=True)
    if quiet:
        yield lambda _done, _note: None
    elif console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        notes = (TextColumn("{task.fields[note]}"), TimeRemainingColumn())
        with Progress(*columns, *notes, console=console) as bar:
            task = bar.add_task(label, total=None, note="")

            def advance(done: float, note: str) -> None:
                bar.update(task, total=total if done else None, completed=done, note=note)

            yield _seldom(advance, 0.1)
            bar.update(task, total=max(total, 1), completed=max(total, 1), note="")
    else:
        said = []

        def print_progress(done: float, note: str) -> None:
            said.append(done)
            print_message(f"{label}: {int(100 * done // max(total, 1))} % {note}")

        yield _seldom(print_progress, PLAIN_LINE_SECONDS)
        if said:
            print_message(f"{label}: 100 %")


def _seldom(write: Advance, seconds: float) -> Advance:
    """The same function, which is called at most once in ``seconds``."""
    next_at = time.monotonic() + seconds

    def write_seldom(done: float, note: str) -> None:
        nonlocal next_at
        now = time.monotonic()
        if now >= next_at:
            next_at = now + seconds
            write(done, note)

    return write_seldom
