"""Options that several commands share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from api.http.wire.query import parse_moment_or_date, read_knowledge_or_date
from domain.errors import Invalid
from domain.instants import parse_date, start_of_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.questions import Knowledge

F = TypeVar("F", bound="Callable[..., object]")


def read_when(ctx: click.Context, param: click.Parameter, value: str | None) -> int | date | None:
    """An RFC 3339 instant in microseconds of UTC, or a date.

    Raises:
        click.BadParameter: it is neither.
    """
    if value is None:
        return None
    try:
        return parse_moment_or_date(value)
    except Invalid as error:
        raise click.BadParameter(f"{value!r}: {error}", ctx, param) from None


def read_instant(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """An RFC 3339 instant, or a date: its first instant in UTC, where no ledger has a time zone.

    Raises:
        click.BadParameter: it is neither.
    """
    when = read_when(ctx, param, value)
    return start_of_day(when, "UTC") if isinstance(when, date) else when


def when_option(name: str, help_text: str) -> Callable[[F], F]:
    """An option whose value is an instant in microseconds of UTC, a date of a ledger, or None."""
    return click.option(name, callback=read_when, metavar="INSTANT|DATE", help=help_text)


def instant_option(name: str, help_text: str) -> Callable[[F], F]:
    """An option whose value is an instant in microseconds of UTC, or None."""
    return click.option(name, callback=read_instant, metavar="INSTANT|DATE", help=help_text)


def read_known_at(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> Knowledge | date | None:
    """A position, an instant, or a date.

    Raises:
        click.BadParameter: it is none of them.
    """
    if value is None:
        return None
    try:
        return read_knowledge_or_date(value)
    except Invalid as error:
        raise click.BadParameter(f"{value!r}: {error}", ctx, param) from None


class WholeNumber(click.IntRange):
    """A whole number within bounds; a value that is none is refused in words."""

    name = "whole number"


def when_options(command: F) -> F:
    """``--as-of``, ``--as-known-at`` and ``--policy-version``: the point in both times."""
    as_of = when_option("--as-of", "The instant to answer for.  [default: now]")
    as_known_at = click.option(
        "--as-known-at",
        callback=read_known_at,
        metavar="POSITION|INSTANT|DATE",
        help="Use only events recorded by then.  [default: everything]",
    )
    policy_version = click.option(
        "--policy-version",
        type=WholeNumber(1),
        metavar="N",
        help="Apply this version to all instants.  [default: those in force]",
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
        "--ledger", "ledger_name", default="main", show_default=True, help="The name of the ledger."
    )(command)


def json_option(command: F) -> F:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON for a program.")(
        command
    )


def listening_options(command: F) -> F:
    """``--host`` and ``--port``."""
    port = click.option("--port", type=WholeNumber(0, 65_535), help="[default: 8400]")
    host = click.option("--host", help="An address of this machine.  [default: 127.0.0.1]")
    return host(port(command))


def month_options(command: F) -> F:
    """``--from`` and ``--to``, as ``from_`` and ``to``: months such as 2026-03, both included."""
    first = click.option(
        "--from", "from_", metavar="MONTH", callback=_read_month, help="The first month."
    )
    last = click.option(
        "--to", metavar="MONTH", callback=_read_month, help="The last month, included."
    )
    return first(last(command))


def _read_month(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    try:
        if value is not None:
            parse_date(f"{value}-01")
    except ValueError as error:
        raise click.BadParameter(f"{error}; write a month as 2026-03") from None
    return value
