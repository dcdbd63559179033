"""``rapport thanks``: how well thanks were given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, month_options, when_options
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from datetime import date

    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge

_COUNTS = ("owed", "in_time", "late", "missed", "open", "median_hours")
MOST_CONTACTS = 20
"""How many contacts are shown to people; programs get all."""


@click.command("thanks", cls=PlainHelp)
@month_options
@when_options
@target_options
@json_option
def command(
    from_: str | None,
    to: str | None,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """Show how well thanks were given, by the month in which they became owed.

    Thanks are in time within 48 hours, and missed after 30 days. Under the months stand the
    contacts whose thanks were missed most often.

    Example:
      rapport thanks --from 2026-01 --to 2026-03

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_ledger(target) as answers:
        asked = asked_in(answers, as_of, as_known_at, policy_version)
        found = answers.gratitude(asked, from_, to)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: Document) -> None:
    headings = [name.replace("_", " ") for name in _COUNTS]
    print_table(
        ("month", *headings),
        [(one["month"], *_counts(one)) for one in found["months"]],
        "Nobody was owed thanks then.",
    )
    missed = [one for one in found["contacts"] if one["missed"]][:MOST_CONTACTS]
    if missed:
        print_table(
            ("contact", *headings),
            [(one.get("name") or one["contact_id"], *_counts(one)) for one in missed],
        )


def _counts(one: Document) -> list[object]:
    return ["" if one[name] is None else one[name] for name in _COUNTS]
