"""``rapport contacts``: finding contacts by what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.target import asked_projections, target_options
from api.cli.options import json_option
from api.cli.output import print_json, print_message, print_table
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from api.cli.asking.answers import Document
    from api.cli.asking.target import Target


@click.command("contacts", cls=PlainHelp)
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How many are listed.",
)
@target_options
@json_option
def command(words: tuple[str, ...], most: int, target: Target, as_json: bool) -> None:
    """Find contacts by WORDS of a name, a ref, an e-mail address or a phone number.

    Words may be beginnings, in any order. Names with one or two mistakes come last.

    Example:
      rapport contacts jansen ada

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_projections(target) as answers:
        found = answers.contacts(" ".join(words), most, quiet=as_json)
    if as_json:
        print_json(found)
        return
    print_table(
        ("name", "stage", "score", "found by", "contact"),
        [
            (one["name"] or "", one["stage"], one["score"], one["matched"], one["contact_id"])
            for one in found["items"]
        ],
        "Nobody is called so.",
    )
    tell_of_index(found)


def tell_of_index(found: Document) -> None:
    """Say on standard error that the index is not whole, where it is not."""
    index = found["index"]
    if index["state"] != "ready":
        print_message(
            f"The server has read {index['done']:,} of {index['total']:,} events for its index: "
            "some contacts may be missing. Ask again in a moment."
        )
