"""``rapport card``: what to know of a contact who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, when_options
from api.cli.output import print_json
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge

Lines = tuple[str, list[str]]
"""A heading and what stands under it."""


@click.command("card", cls=PlainHelp)
@click.argument("contact")
@when_options
@target_options
@json_option
def command(
    contact: str,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """Show what to know of CONTACT, a UUID or source:ref, before they come through the door.

    The first line is to be read on the way there. Below it: how to greet them, what they like, what
    is open between you, what is to be done, and who sent them.

    Example:
      rapport card pos:17850

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_ledger(target) as answers:
        found = answers.card(contact, asked_in(answers, as_of, as_known_at, policy_version))
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: Document) -> None:
    click.echo(found["sentence"])
    for heading, lines in _parts(found):
        if lines:
            click.echo(f"\n{heading}")
            for line in lines:
                click.echo(f"  {' '.join(line.split())}")
    position = found["as_known_at"]["position"]
    click.echo(
        f"\n{found['contact_id']}, as of {found['as_of']}, as known at position {position:,}"
    )


def _parts(found: Document) -> Iterator[Lines]:
    """What there is of everything, in the order in which it is needed."""
    matters = found["open"]
    yield "To do", [f"{one['reason']} ({one['state']})" for one in found["agenda"]]
    yield (
        "Open",
        [
            *(_complaint(one) for one in matters["complaints"]),
            *(_at_risk(one) for one in found["exposure"]),
            *(_line("promised", one["summary"], one["due_on"]) for one in matters["promises"]),
            *(_line("needs", one["stated"], None) for one in matters["needs"]),
        ],
    )
    yield (
        "They like",
        [f"{one['key']}: {_readable(one['value'])}" for one in found["preferences"]],
    )
    yield "Their days", [_occasion(one) for one in found["occasions"]]
    yield "Habits", list(_habits(found))
    yield "People", list(_people(found))
    yield "Done for them", [_event(one) for one in found["done_for_them"]]
    yield "They said", [_event(one) for one in found["said"]]
    yield (
        "Consents",
        [
            f"{one['purpose']} by {one['channel']}: {'yes' if one['granted'] else 'no'}"
            for one in found["consents"]
        ],
    )


def _complaint(one: Document) -> str:
    day, due = one["raised_at"][:10], one["due_at"]
    return f"a complaint of severity {one['severity']} since {day}, to be resolved before {due}"


def _at_risk(one: Document) -> str:
    return f"at risk: {one['minor']:,} {one['currency']} (minor units) of the last 365 days"


def _line(what: str, text: str | None, due_on: str | None) -> str:
    return f"{what}: {_readable(text)}{f', by {due_on}' if due_on else ''}"


def _readable(text: str | None) -> str:
    return "(erased, or never written down)" if text is None else text


def _occasion(one: Document) -> str:
    years = "" if one["years"] is None else f", {one['years']} years"
    return f"{one['kind']} on {one['on']}{years}"


def _habits(found: Document) -> Iterator[str]:
    usual, last = found["usual"], found["last_purchase"]
    if usual is not None:
        amount = f"{usual['amount_minor']:,} {usual['currency']} (minor units)"
        of = f"{usual['times']} of the last {usual['of']} purchases"
        yield f"usually {usual['category']}: {of}, {amount}"
    if last is not None:
        yield f"bought last on {last['at'][:10]}"
    if found["last_visit_at"] is not None:
        yield f"was here last on {found['last_visit_at'][:10]}"
    if found["due_at"] is not None:
        yield f"is due again on {found['due_at'][:10]}"


def _people(found: Document) -> Iterator[str]:
    if found["steward"] is not None:
        yield f"looked after by {found['steward']}"
    by = found["referred_by"]
    if by is not None:
        yield f"sent by {by['name'] or by['contact_id']}"
    sent = found["referred"]
    if sent["count"]:
        yield f"sent us {sent['count']:,}, of whom {sent['won']:,} bought or were won"


def _event(one: Document) -> str:
    what = "" if one["what"] is None else f": {one['what']}"
    by = f", by {one['by']}" if one.get("by") else ""
    return f"{one['at'][:10]} {one['type'].replace('-', ' ')}{what}{by}"
