"""Commands whose help stands as it was written: examples must not be run together."""

from __future__ import annotations

import inspect

import click


class PlainHelp(click.Command):
    """A command that keeps the lines of its docstring."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help indented, and otherwise as it is."""
        formatter.write("\n")
        for line in inspect.cleandoc(self.help or "").splitlines():
            formatter.write(f"  {line}\n" if line else "\n")


class PlainGroup(PlainHelp, click.Group):
    """A group of such commands."""

    command_class = PlainHelp
