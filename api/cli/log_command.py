"""``rapport log``: one act for several people at once, such as a greeting to each of them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from api.cli.asking.target import appending_ledger, target_options
from api.cli.ending import UsageRefused
from api.cli.options import instant_option, json_option
from api.cli.output import print_json
from api.cli.plain_help import PlainHelp
from domain.errors import Invalid
from domain.events import CATALOGUE
from domain.instants import format_instant
from rapport_client.events import NewEvent, new_id

if TYPE_CHECKING:
    from uuid import UUID

    from api.cli.asking.answers import Document
    from api.cli.asking.target import Target


@click.command("log", cls=PlainHelp)
@click.argument("event_type", metavar="TYPE")
@click.argument("contacts", metavar="CONTACT...", nargs=-1, required=True)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of the event; once for each. Lists and objects are JSON.",
)
@instant_option("--occurred-at", "When it happened.  [default: now]")
@click.option("--source", help="What the system calls itself that recorded it.")
@click.option(
    "--id",
    "act_id",
    type=click.UUID,
    metavar="UUID",
    help="The id of the act: the same one again records nothing twice.  [default: a new one]",
)
@target_options
@json_option
def command(
    event_type: str,
    contacts: tuple[str, ...],
    fields: tuple[str, ...],
    occurred_at: int | None,
    source: str | None,
    act_id: UUID | None,
    target: Target,
    as_json: bool,
) -> None:
    """Record an event of TYPE for each CONTACT, a UUID or source:ref: for all of them or for none.

    Example:
      rapport log visit-made pos:17850 pos:17851 --field guests=1 --occurred-at 2025-03-03T19:00:00Z

    `rapport log` asks the server that holds the data folder, if one does; --url names another one.

    Exit codes: 0 it is recorded, now or before; 1 the ledger refused it; 2 TYPE, a CONTACT or a
    field cannot be read; 3 the ledger cannot be asked.
    """
    act = NewEvent(event_type, _data(event_type, fields), id=act_id or new_id(), source=source)
    when = {} if occurred_at is None else {"occurred_at": format_instant(occurred_at)}
    events = [{"contact": name, **_plain(one), **when} for name, one in act.for_each(contacts)]
    with appending_ledger(target) as answers:
        answer = answers.append_many(events)
    if as_json:
        print_json({"act_id": str(act.id), **answer})
        return
    for one in answer["events"]:
        was = "was recorded before" if one["replayed"] else "recorded"
        click.echo(f"{was} at {one['position']}: {event_type} of {one['contact_id']}")
    for one in answer.get("not_addressed", ()):
        click.echo(f"no address, because another contact is known by it: {one['contact_id']}")
    click.echo(f"the id of the act is {act.id}")


def _plain(event: NewEvent) -> Document:
    return {**event.document(), "id": str(event.id)}


def _data(event_type: str, fields: tuple[str, ...]) -> dict[str, object]:
    """The fields as JSON values: texts where the event takes one, else what the text says as JSON.

    Raises:
        UsageRefused: there is no such type, or a field is no pair or is given twice.
    """
    made = CATALOGUE.get(event_type)
    if made is None:
        raise UsageRefused(f"{event_type} is no type of event; GET /v1/event-types lists them")
    kinds = {field.name: field.kind for field in made.FIELDS}
    data: dict[str, object] = {}
    for one in fields:
        name, mark, text = one.partition("=")
        if not (name and mark) or name in data:
            raise UsageRefused(f"--field {one}: write NAME=VALUE, and each name once")
        data[name] = text
        kind = kinds.get(name)
        if kind is None:
            continue  # the ledger says which fields there are
        try:
            kind.read(text)
        except Invalid:
            with suppress(ValueError):
                data[name] = json.loads(text)
    return data
