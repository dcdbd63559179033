"""``rapport scorecard``: how well we treated a contact, or all clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, asked_projections, target_options
from api.cli.options import json_option, when_options
from api.cli.output import count_with_noun, print_json, print_table
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from datetime import date

    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge


@click.command("scorecard", cls=PlainHelp)
@click.argument("contact", required=False)
@when_options
@target_options
@json_option
def command(
    contact: str | None,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """Rate our care for CONTACT, a UUID or source:ref, or for all clients, in seven letters.

    Each letter counts what we did in the 365 days before the instant: how we cared, learned, kept
    our word, heard from them, met their needs, were in time, and satisfied them. Over all clients,
    it is the mean over those who have the letter.

    Example:
      rapport scorecard pos:17850
      rapport scorecard --as-of 2026-01-01

    If a server runs on the folder, the command asks it; --url names another one.
    """
    if contact is None:
        with asked_projections(target) as projections:
            asked = asked_in(projections, as_of, as_known_at, policy_version)
            found = projections.ledger_scorecard(asked, quiet=as_json)
            heading = f"The mean over {count_with_noun(found['clients'], 'client')}"
    else:
        with asked_ledger(target) as answers:
            asked = asked_in(answers, as_of, as_known_at, policy_version)
            found = answers.scorecard(contact, asked)
            heading = answers.names([found["contact_id"]])[found["contact_id"]]
    if as_json:
        print_json(found)
    else:
        _print(heading, found)


def _print(heading: str, found: Document) -> None:
    click.echo(heading)
    print_table(
        ("", "letter", "percent", "of", "beside"),
        [
            (
                one["letter"],
                one["name"],
                _percent(one["percent"]),
                f"{one['numerator']:,} of {one['denominator']:,}" if one["denominator"] else "-",
                ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in one["beside"].items()),
            )
            for one in found["letters"]
        ],
    )
    click.echo(f"overall {_percent(found['overall'])}")
    position = found["as_known_at"]["position"]
    click.echo(f"as of {found['as_of']}, as known at position {position:,}")


def _percent(percent: int | None) -> str:
    return "-" if percent is None else f"{percent} %"
