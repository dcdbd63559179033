"""``rapport rebuild``: compute a projection anew, compare, and switch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from api.cli.acts import ordered
from api.cli.differences import difference_told, ended_told
from api.cli.ending import PROBLEM
from api.cli.folders import opened_with_projections
from api.cli.options import data_option, json_option, ledger_option
from api.cli.output import print_json, progress
from api.cli.plain_help import PlainHelp
from domain.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from projections.projections import Projections

LOOK_SECONDS = 0.1


@click.command("rebuild", cls=PlainHelp)
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Every projection, one after the other.")
@ledger_option
@data_option
@json_option
def command(
    name: str | None, every: bool, ledger_name: str, folder: Path | None, as_json: bool
) -> int:
    """Rebuild the projection NAME from the events, and say whether the live one was the same.

    Example:
      rapport rebuild status
      rapport rebuild --all --json

    While a server runs on the folder, ask it instead: POST .../projections/NAME/rebuilds.

    Exit codes: 0 rebuilt, and the same; 1 the live one had drifted, or the rebuild failed; 3 the
    data folder cannot be used.
    """
    if every == (name is not None):
        raise click.UsageError("name one projection, or say --all")
    with opened_with_projections(folder) as server:
        projections = server.ledger(ledger_name).projections
        names = [state.name for state in projections.states()] if name is None else [name]
        for one in names:
            projections.require(one)
        results = []
        for one in names:
            with ordered(server.folder.path, ledger_name, "rebuild-started", one):
                results.append(_rebuild(projections, one, quiet=as_json))
    if as_json:
        print_json(results)
    return PROBLEM if any(result["drift"] for result in results) else 0


def _rebuild(projections: Projections, name: str, *, quiet: bool) -> dict[str, Any]:
    operation = projections.rebuild(name)
    with progress(f"rebuilding {name}", 100, quiet=quiet) as advance:
        while operation.state == "running":
            done = operation.progress
            note = f"{done.done:,} of {done.total:,} events, {done.rate:,}/s"
            advance(100 * done.done // max(done.total, 1), note)
            time.sleep(LOOK_SECONDS)
            operation = projections.operation(operation.id)
    if operation.result is None:
        raise RebuildFailed(f"{name}: the rebuild {ended_told(operation.state, operation.problem)}")
    result = dict(operation.result)
    seconds = result["seconds"]
    assert isinstance(seconds, float)
    events = result["events"]
    assert isinstance(events, int)
    result["events_per_second"] = round(events / seconds) if seconds else 0
    if not quiet:
        _print(result)
    return result


class RebuildFailed(Unavailable):
    """A rebuild did not come to its end."""


def _print(result: dict[str, Any]) -> None:
    click.echo(
        f"{result['projection']}: {result['events']:,} events in {result['seconds']:.1f} s, "
        f"{result['events_per_second']:,}/s, at position {result['position']:,}"
    )
    click.echo(f"  digest  {result['digest']}")
    if result["live_digest"] is None:
        click.echo("  it had not been built before: nothing to compare with")
    elif result["drift"]:
        click.echo(f"  drift   the live one was {result['live_digest']}; it is replaced")
        for difference in result["drift"]:
            click.echo(f"          {difference_told(difference)}")
    else:
        click.echo("  the live one was the same")
