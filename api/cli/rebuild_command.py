"""``rapport rebuild``: build a projection again, compare, and switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.answers import Folding
from api.cli.asking.target import asked_projections, target_options
from api.cli.differences import difference_told
from api.cli.ending import PROBLEM
from api.cli.options import json_option
from api.cli.output import count_with_noun, print_json
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.cli.asking.answers import Document, ProjectionAnswers
    from api.cli.asking.target import Target


MOST_JOBS = 64


@click.command("rebuild", cls=PlainHelp)
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Every projection.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    help="In how many processes a long log is folded; as many as there are cores if not given.",
)
@click.option(
    "--on",
    metavar="ADDRESS",
    help="Fold on a Dask cluster: its scheduler, such as tcp://10.0.0.5:8786, or local.",
)
@click.option(
    "--segments",
    metavar="URL",
    help="With --on: write the events to this folder, from which the workers read.",
)
@click.option(
    "--replica",
    metavar="URL",
    help="With --on: workers read from this standby of the database.",
)
@target_options
@json_option
def command(
    name: str | None,
    every: bool,
    jobs: int | None,
    on: str | None,
    segments: str | None,
    replica: str | None,
    target: Target,
    as_json: bool,
) -> int:
    """Rebuild the projection NAME from the events, and say whether the live one was the same.

    Example:
      rapport rebuild status
      rapport rebuild --all --json

    If a server runs on the folder, the command asks it; --url names another one. A server folds in
    one process. Questions get answers from the live projection until the new one is complete.

    On a Dask cluster, each worker has rapport-ledger[dask] in the same version, and reads the
    events from the database, or from the folder of --segments, which may be on any storage that
    fsspec knows. Personal data stay encrypted, and workers have no keys. With --on local the
    cluster is one of this machine, with --jobs processes.

    Exit codes: 0 rebuilt, and the same; 1 the live one had drifted; 2 there is no such projection;
    3 the rebuild failed, or the data folder or the server cannot be used.
    """
    if every == (name is not None):
        raise click.UsageError("name one projection, or give --all for every one")
    if on is None and (segments or replica):
        raise click.UsageError("--segments and --replica need --on")
    if segments and replica:
        raise click.UsageError("workers read from --segments or from --replica, not from both")
    folding = Folding(jobs, on, segments, replica)
    results = []
    with asked_projections(target) as answers:
        for rebuilt in _rebuilt(answers, name, folding, quiet=as_json):
            result = _with_rate(rebuilt)
            results.append(result)
            if not as_json:
                _print(result, answers)
    if as_json:
        print_json(results)
    return PROBLEM if any(result["drift"] for result in results) else 0


def _rebuilt(
    answers: ProjectionAnswers, name: str | None, folding: Folding, *, quiet: bool
) -> Iterator[Document]:
    if name is None:
        yield from answers.rebuild_all(folding, quiet=quiet)
    else:
        yield answers.rebuild(name, folding, quiet=quiet)


def _with_rate(result: Document) -> Document:
    seconds, events = result["seconds"], result["events"]
    return {**result, "events_per_second": round(events / seconds) if seconds else 0}


def _print(result: Document, answers: ProjectionAnswers) -> None:
    events = count_with_noun(result["events"], "event")
    click.echo(
        f"{result['projection']}: {events} in {result['seconds']:.1f} s, "
        f"{result['events_per_second']:,}/s, at position {result['position']:,}"
    )
    click.echo(f"  digest  {result['digest']}")
    if result["live_digest"] is None:
        click.echo("  it had not been built before: nothing to compare with")
    elif result["drift"]:
        click.echo(f"  drift   the live one was {result['live_digest']}; it is replaced")
        contacts = {one["contact"] for one in result["drift"]} - {None}
        names = {one: f"{name}: " for one, name in answers.names(sorted(contacts)).items()}
        for difference in result["drift"]:
            name = names.get(difference["contact"], "")
            click.echo(f"          {name}{difference_told(difference)}")
    else:
        click.echo("  the live one was the same")
