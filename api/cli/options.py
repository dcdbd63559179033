"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from api.http.wire.query import read_knowledge
from domain.errors import Invalid
from domain.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.questions import Knowledge

F = TypeVar("F", bound="Callable[..., object]")


def read_instant(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """An RFC 3339 instant, or a date: its first instant in UTC.

    Raises:
        click.BadParameter: it is neither.
    """
    if value is None:
        return None
    try:
        return parse_instant(f"{value}T00:00:00Z" if len(value) == len("2026-03-01") else value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r}: {error}", ctx, param) from None


def instant_option(name: str, help_text: str) -> Callable[[F], F]:
    """An option whose value is an instant in microseconds of UTC, or None."""
    return click.option(name, callback=read_instant, metavar="INSTANT", help=help_text)


def read_known_at(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> Knowledge | None:
    """A position, an instant, or a date: its first instant in UTC.

    Raises:
        click.BadParameter: it is none of them.
    """
    if value is None:
        return None
    try:
        return read_knowledge(f"{value}T00:00:00Z" if len(value) == len("2026-03-01") else value)
    except Invalid as error:
        raise click.BadParameter(f"{value!r} {error}", ctx, param) from None


def when_options(command: F) -> F:
    """``--as-of``, ``--as-known-at`` and ``--policy-version``: the point in both times."""
    as_of = instant_option("--as-of", "As things stood at this instant or date.  [default: now]")
    as_known_at = click.option(
        "--as-known-at",
        callback=read_known_at,
        metavar="POSITION|INSTANT",
        help="By what had been recorded by then.  [default: everything]",
    )
    policy_version = click.option(
        "--policy-version",
        type=click.IntRange(1),
        metavar="N",
        help="Judge all instants by this version.  [default: by those in force]",
    )
    return as_of(as_known_at(policy_version(command)))


def data_option(command: F) -> F:
    """``--data FOLDER``, else what the settings say."""
    return click.option(
        "--data",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="The data folder.  [default: RAPPORT_FOLDER, else ./rapport-data]",
    )(command)


def ledger_option(command: F) -> F:
    """``--ledger NAME``."""
    return click.option(
        "--ledger", "ledger_name", default="main", show_default=True, help="Which ledger."
    )(command)


def json_option(command: F) -> F:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON for a program.")(
        command
    )


def listening_options(command: F) -> F:
    """``--host`` and ``--port``."""
    port = click.option("--port", type=click.IntRange(0, 65_535), help="[default: 8400]")
    host = click.option("--host", help="An address of this machine.  [default: 127.0.0.1]")
    return host(port(command))
