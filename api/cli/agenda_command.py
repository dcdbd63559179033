"""``rapport agenda``: what is to be done for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, when_options
from api.cli.output import count_with_noun, print_json, print_table
from api.cli.plain_help import PlainHelp
from api.service.agendas.answering import AgendaQuestion
from api.service.agendas.listing import AgendaFilter
from api.service.labels import LabelsWanted
from domain.agenda.items import KINDS, STATES
from domain.events import STAGES
from domain.instants import parse_date

if TYPE_CHECKING:
    from datetime import date

    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge


def _read_date(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    try:
        return None if value is None else parse_date(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("agenda", cls=PlainHelp)
@click.option("--on", metavar="DATE", callback=_read_date, help="The day.  [default: today]")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.", metavar="KIND")
@click.option("--state", type=click.Choice(STATES), help="Only items in this state.")
@click.option("--steward", metavar="NAME", help="Only whom this one of ours looks after.")
@click.option("--stage", type=click.Choice(STAGES), help="Only this stage.", metavar="STAGE")
@click.option("--contact", metavar="CONTACT", help="Only this contact.")
@click.option("--muted", is_flag=True, help="With what a refused consent mutes.")
@click.option("--deferred", is_flag=True, help="With what somebody put off.")
@when_options
@target_options
@json_option
def command(
    on: date | None,
    kind: str | None,
    state: str | None,
    steward: str | None,
    stage: str | None,
    contact: str | None,
    muted: bool,
    deferred: bool,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """Show what is to be done for whom on a day, the most urgent first.

    Example:
      rapport agenda --on 2026-03-03 --kind thanks

    To do a thing, append the event; to put it off, append action-deferred with its key.

    If a server runs on the folder, the command asks it; --url names another one.
    """
    items = AgendaFilter(kind, state, steward, stage, muted, deferred)
    with asked_ledger(target) as answers:
        asked = asked_in(answers, as_of, as_known_at, policy_version)
        found = answers.agenda(asked, AgendaQuestion(on, items, LabelsWanted(names=True)), contact)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: Document) -> None:
    items = found["items"]
    click.echo(f"{count_with_noun(len(items), 'thing')} on {found['on']}")
    print_table(
        ("state", "due", "what to do", "key"),
        [(one["state"], one["due_at"][:10], one["reason"], one["key"]) for one in items],
    )
