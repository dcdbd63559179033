"""Which mapping an import goes by: a file, or one that comes with the program, and its settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.ending import UsageRefused
from api.service.importing.mapping import read_mapping
from api.service.importing.ready_mappings import ready_mapping, ready_names
from domain.errors import Invalid

if TYPE_CHECKING:
    from api.service.importing.mapping import FileMapping


def read_settings(
    ctx: click.Context, param: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """What was said with ``--set NAME=VALUE``.

    Raises:
        click.BadParameter: one of them is no such pair, or says a name twice.
    """
    settings: dict[str, str] = {}
    for one in given:
        name, mark, value = one.partition("=")
        if not (name and mark and value) or name in settings:
            detail = f"{one!r}: write NAME=VALUE, each name once, such as currency=EUR"
            raise click.BadParameter(detail, ctx, param)
        settings[name] = value
    return settings


def chosen_mapping(chosen: str, settings: dict[str, str]) -> FileMapping:
    """The mapping of that path or name, with what the person who imports says.

    Raises:
        UsageRefused: there is none, it cannot be read, or it has no such setting.
    """
    try:
        return _mapping_of(chosen).with_settings(settings)
    except Invalid as error:
        raise UsageRefused(str(error)) from None


def mapping_path(chosen: str) -> Path | None:
    """The file of a mapping; None where it is one that comes with the program."""
    path = Path(chosen)
    return path if path.is_file() or chosen not in ready_names() else None


def _mapping_of(chosen: str) -> FileMapping:
    path = mapping_path(chosen)
    if path is None:
        return ready_mapping(chosen)
    if not path.is_file():
        raise UsageRefused(
            f"there is no mapping {chosen}: name a TOML file, or one of {', '.join(ready_names())}"
        )
    return read_mapping(path)
