"""``rapport summary``: contacts by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import instant_in
from api.cli.asking.target import asked_projections, target_options
from api.cli.options import json_option, when_option
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target


@click.command("summary", cls=PlainHelp)
@when_option("--as-of", "The instant to answer for.  [default: now]")
@target_options
@json_option
def command(as_of: When, target: Target, as_json: bool) -> None:
    """Count the contacts by stage, now or as of an instant.

    Example:
      rapport summary --as-of 1998-06-30

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_projections(target) as answers:
        summary = answers.summary(instant_in(answers, as_of), quiet=as_json)
    if as_json:
        print_json(summary)
    else:
        _print(summary)


def _print(summary: Document) -> None:
    everyone = sum(summary["stages"].values())
    print_table(
        ("stage", "contacts", ""),
        [
            (stage, f"{count:,}", f"{100 * count / everyone:.1f} %" if everyone else "")
            for stage, count in summary["stages"].items()
        ],
    )
    click.echo(f"as of {summary['as_of']}, at position {summary['position']:,}")
