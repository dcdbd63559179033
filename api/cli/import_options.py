"""Which options of ``rapport import`` are for which kind of file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.core import ParameterSource

from api.cli.ending import UsageRefused

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    import click

FOR_ROWS = ("mapping", "settings", "guess", "preset", "rejects_path", "ledger_name", "go_on")
NOT_FOR_KEYS = (
    "datafile",
    "mapping",
    "settings",
    "guess",
    "preset",
    "rejects_path",
    "go_on",
    "dry_run",
    "new_name",
    "keys",
    "for_audit",
    "replace",
)
NOT_FOR_UNDO = (*NOT_FOR_KEYS, "passphrase_file")
FOR_GUESSES = ("datafile", "mapping", "settings", "guess", "as_json")
FOR_ARCHIVES = ("new_name", "keys", "passphrase_file", "for_audit", "replace")


def only_options(ctx: click.Context, file: Path | UUID, others: tuple[str, ...], why: str) -> None:
    """Let pass what is for this kind of file.

    Raises:
        UsageRefused: one of the other options was given.
    """
    for option in ctx.command.params:
        if option.name in others:
            source = ctx.get_parameter_source(option.name)
            if source is not ParameterSource.DEFAULT:
                raise UsageRefused(f"{file} {why}; {option.opts[0]} is not for that")
