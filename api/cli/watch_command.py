"""``rapport watch``: clients to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, when_options
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp
from domain.book.watch import LISTS

if TYPE_CHECKING:
    from datetime import date

    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge


@click.command("watch", cls=PlainHelp)
@click.argument("list_name", metavar="LIST", type=click.Choice(LISTS))
@when_options
@target_options
@json_option
def command(
    list_name: str,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """List clients to look at, those who brought most first.

    LIST is never-asked (clients whom nobody asked for a referral), under-served (clients to whom we
    did not turn in 180 days) or lost (those who were clients and are not).

    Example:
      rapport watch under-served

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_ledger(target) as answers:
        found = answers.watch(list_name, asked_in(answers, as_of, as_known_at, policy_version))
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: Document) -> None:
    items = found["items"]
    print_table(
        ("contact", "since", "net of 365 days", "net ever"),
        [
            (
                one.get("name") or one["contact_id"],
                one["since"][:10],
                _amounts(one, "days_365_minor"),
                _amounts(one, "ever_minor"),
            )
            for one in items
        ],
        "Nobody stands on this list.",
    )
    if items:
        click.echo(f"{items[0]['do']}.")


def _amounts(one: Document, name: str) -> str:
    return ", ".join(f"{net[name]:,} {net['currency']}" for net in one["net"]) or "-"
