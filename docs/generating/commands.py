"""The command line and the settings, as the program itself explains them."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

import click

from api.command_line import cli
from api.settings import Settings
from docs.generating.markdown import code, opening, said, table

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMANDS = """\
What `rapport --help` and the help of each command say.
"""

_SETTINGS = """\
Each setting is read from the environment as `RAPPORT_` and its name in capitals, else from the
TOML file that `RAPPORT_CONFIG` names, under its own name. An option on the command line comes
before both.
"""


def command_line_page() -> str:
    """The help of every command."""
    head = opening("Command line", "`api/command_line`", _COMMANDS)
    return "\n".join((head, *_helps(cli, _context(cli, "rapport"))))


def _context(
    command: click.Command, name: str, parent: click.Context | None = None
) -> click.Context:
    """How the command would run on a terminal of one width, whatever runs this."""
    given = {**command.context_settings, "terminal_width": 100}
    return click.Context(command, parent, name, **given)


def _helps(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## `{context.command_path}`\n\n{code(command.get_help(context), 'text')}"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _helps(below, _context(below, name, context))


def settings_page() -> str:
    """Every setting with its default."""
    promise = said(Settings).partition("\n\nRaises:")[0]
    rows = [
        (
            f"`{one.name}`",
            f"`RAPPORT_{one.name.upper()}`",
            "" if one.default is MISSING else _shown(one.default),
        )
        for one in fields(Settings)
    ]
    head = opening("Settings", "`api/settings.py`", f"{_SETTINGS}\n{promise}\n")
    return f"{head}\n{table(('setting', 'environment', 'default'), rows)}"


def _shown(value: object) -> str:
    return "none" if value is None else f"`{value}`"
