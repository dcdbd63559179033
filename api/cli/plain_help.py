"""Commands whose help stands as it was written: examples must not be run together."""

from __future__ import annotations

import inspect
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator


class PlainHelp(click.Command):
    """A command that keeps the lines of its docstring, as far as the terminal has room for them."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help indented. A paragraph with a line that is too long is wrapped again."""
        for paragraph in inspect.cleandoc(self.help or "").split("\n\n"):
            formatter.write("\n")
            for line in _wrap(paragraph.splitlines(), formatter.width - 2):
                formatter.write(f"  {line}\n")


def _wrap(lines: list[str], width: int) -> Iterator[str]:
    """The lines, where those of prose are no longer than that.

    An indented line is an example or a row of a list: to be copied, it stays in one piece.
    """
    for indented, group in groupby(lines, key=lambda line: line.startswith(" ")):
        kept = list(group)
        if indented or max(map(len, kept)) <= width:
            yield from kept
        else:
            yield from wrap(" ".join(kept), width, break_on_hyphens=False, break_long_words=False)


class PlainGroup(PlainHelp, click.Group):
    """A group of such commands."""

    command_class = PlainHelp
