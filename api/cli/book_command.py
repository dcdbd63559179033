"""``rapport book``: what contacts brought and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, month_options, when_options
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp
from domain.book.book import DIVISIONS, BookQuestion

if TYPE_CHECKING:
    from datetime import date

    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge

MOST_CONTACTS = 20
"""How many contacts are shown to people; programs get all."""

_FIGURES = (
    "gross_minor",
    "refunds_minor",
    "net_minor",
    "purchases",
    "contacts",
    "gestures_cost_minor",
    "rewards_paid_minor",
    "contribution_minor",
)
_HEADINGS = ("gross", "refunds", "net", "purchases", "contacts", "gestures", "rewards", "left")
_BESIDE = (
    ("client_year_minor", "a client brought in a year", ""),
    ("customer_year_minor", "a customer brought in a year", ""),
    ("ratio_percent", "clients in percent of customers", " %"),
    ("repeat_percent", "came back", " %"),
    ("referred_percent", "share of those whom others sent", " %"),
    ("top_ten_percent", "share of the top ten", " %"),
)


@click.command("book", cls=PlainHelp)
@month_options
@click.option(
    "--by", type=click.Choice(DIVISIONS), default="month", help="What a row is.  [default: month]"
)
@when_options
@target_options
@json_option
def command(
    from_: str | None,
    to: str | None,
    by: str,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """Show what contacts brought and cost, in minor units, such as cents, and by currency.

    Refunds stand in the month in which they were made. What is left is net, less gestures and
    rewards. Under the rows stands what a client and a customer brought in a year.

    Example:
      rapport book --from 2026-01 --to 2026-03 --by stage

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_ledger(target) as answers:
        asked = asked_in(answers, as_of, as_known_at, policy_version)
        found = answers.book(asked, BookQuestion(from_, to, by))
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: Document) -> None:
    by = found["by"]
    rows = found["rows"][:MOST_CONTACTS] if by == "contact" else found["rows"]
    print_table(
        (by, "", *_HEADINGS),
        [(_key(row), row["currency"], *_figures(row)) for row in rows],
        "Nobody bought anything then.",
    )
    if found["totals"]:
        print_table(
            ("total", "", *_HEADINGS),
            [("", row["currency"], *_figures(row)) for row in found["totals"]],
        )
    for beside in found["beside"]:
        told = [
            f"{words}: {beside[name]:,}{unit}"
            for name, words, unit in _BESIDE
            if beside[name] is not None
        ]
        click.echo(f"{beside['currency']}: {'; '.join(told)}")
    stages = found["stages"]
    click.echo(
        f"new clients {stages['new_clients']:,}, falls {stages['falls']:,},"
        f" regained {stages['regained']:,}"
    )
    position = found["as_known_at"]["position"]
    click.echo(f"as of {found['as_of']}, as known at position {position:,}")


def _key(row: Document) -> str:
    return row.get("name") or row["key"] or "-"


def _figures(row: Document) -> list[str]:
    return ["" if row[name] is None else f"{row[name]:,}" for name in _FIGURES]
