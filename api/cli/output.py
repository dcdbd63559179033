"""What commands write: tables and bars for people, JSON for programs, plain lines for pipes."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.cli.streams import is_utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PLAIN_LINE_SECONDS = 5
"""How often a long command writes a line where there is no terminal."""


def print_json(content: object) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=not is_utf8()))


def print_json_line(content: object) -> None:
    """One JSON document as a line on standard output."""
    click.echo(json.dumps(content, ensure_ascii=not is_utf8()))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output; whole lines where it is no terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)


def say(line: str) -> None:
    """A line for people, on standard error, so that it never mixes with an answer."""
    click.echo(line, err=True)


@contextmanager
def progress(
    label: str, total: int, *, quiet: bool = False
) -> Iterator[Callable[[int, str], None]]:
    """Gives a function to call with (done, note) as often as one likes."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _done, _note: None
    elif console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        notes = (TextColumn("{task.fields[note]}"), TimeRemainingColumn())
        with Progress(*columns, *notes, console=console) as bar:
            task = bar.add_task(label, total=total, note="")
            yield _seldom(lambda done, note: bar.update(task, completed=done, note=note), 0.1)
            bar.update(task, completed=total)
    else:
        yield _seldom(
            lambda done, note: say(f"{label}: {100 * done // max(total, 1)} % {note}"),
            PLAIN_LINE_SECONDS,
        )


def _seldom(write: Callable[[int, str], None], seconds: float) -> Callable[[int, str], None]:
    """The same function, heeded at most once in so many seconds."""
    next_at = time.monotonic() + seconds

    def heard(done: int, note: str) -> None:
        nonlocal next_at
        now = time.monotonic()
        if now >= next_at:
            next_at = now + seconds
            write(done, note)

    return heard
