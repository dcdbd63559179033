"""``rapport duplicates``: contacts that may be one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.target import asked_projections, target_options
from api.cli.contacts_command import tell_of_index
from api.cli.options import json_option
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from api.cli.asking.target import Target


@click.command("duplicates", cls=PlainHelp)
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="How many pairs are listed.",
)
@target_options
@json_option
def command(most: int, target: Target, as_json: bool) -> None:
    """List contacts that may be one person, with what speaks for and against.

    Example:
      rapport duplicates --most 20

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_projections(target) as answers:
        found = answers.duplicates(most, quiet=as_json)
    if as_json:
        print_json(found)
        return
    print_table(
        ("score", "for", "against", "name", "contact", "other name", "other contact"),
        [
            (
                pair["score"],
                ", ".join(pair["for"]),
                ", ".join(pair["against"]),
                pair["names"][0] or "",
                pair["contacts"][0],
                pair["names"][1] or "",
                pair["contacts"][1],
            )
            for pair in found["items"]
        ],
        "No two contacts look like one.",
    )
    tell_of_index(found)
