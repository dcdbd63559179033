"""What commands tell of one contact at a point in both times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from api.cli.differences import value_told
from api.cli.output import print_json, print_json_line, print_table
from api.service.answers.status import Status, shown_values
from api.service.questions import group_of, known_at, subject_in
from api.service.replays.steps import show, steps
from domain.errors import Invalid
from domain.explanation import explain
from domain.instants import format_instant
from domain.kinds import ContactId
from domain.relationship import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from api.service.answers.document import KnownAt
    from api.service.questions import Subject
    from api.service.replays.steps import Became, Came, Step
    from domain.recorded import Recorded
    from ledger.ledger import Ledger
    from projections.folding import Moment


@dataclass(frozen=True)
class _Asked:
    """What an answer repeats of its question."""

    as_of: int
    as_known_at: KnownAt


def tell_status(ledger: Ledger, moment: Moment, contact: str, *, as_json: bool) -> None:
    """Write a contact's status in sentences, or as HTTP answers it.

    Raises:
        Invalid: the contact can be none.
        ContactNotFound: nobody had registered it by then.
    """
    _, subject = _found(ledger, moment, contact)
    relationship = fold(subject.history, moment.policies, moment.time_zone, moment.at)
    if as_json:
        asked = _Asked(moment.at, known_at(ledger, moment.position))
        print_json(Status.of_question(asked, subject, relationship).plain())
        return
    click.echo(_heading(subject, _named(ledger, contact), moment))
    for sentence in explain(relationship, erased=subject.erased):
        click.echo(sentence)


def walk_through(ledger: Ledger, moment: Moment, contact: str, *, as_json: bool) -> None:
    """Write a contact's past step by step: a table, or a line of JSON for each step.

    Raises:
        Invalid: the contact can be none.
        ContactNotFound: nobody had registered it by then.
    """
    group, subject = _found(ledger, moment, contact)
    walked = steps(group, subject.history, moment)
    if as_json:
        for step in walked:
            print_json_line(show(step))
        return
    click.echo(_heading(subject, _named(ledger, contact), moment))
    print_table(("when", "what", "signals", "score", "stage"), [_row(one) for one in walked])


def _named(ledger: Ledger, contact: str) -> UUID:
    try:
        return ContactId().read(contact, ledger.contact_id)
    except Invalid as error:
        raise error.within("/contact") from None


def _found(ledger: Ledger, moment: Moment, contact: str) -> tuple[Sequence[Recorded], Subject]:
    named = _named(ledger, contact)
    survivor, group = group_of(ledger, moment.aliases, moment.position, named)
    return group, subject_in(survivor, group)


def _heading(subject: Subject, named: UUID, moment: Moment) -> str:
    merged = "" if subject.contact_id == named else f", which stands for {named}"
    at = format_instant(moment.at)
    return f"{subject.contact_id}{merged}, as of {at}, as known at position {moment.position:,}"


def _row(step: Step) -> tuple[str, ...]:
    score = str(step.score)
    if step.score != step.score_before:
        score = f"{step.score_before} -> {step.score}"
    return (
        format_instant(step.at),
        "\n".join(map(_event, step.came)) or _because(step),
        "\n".join(map(_signal, step.signals)),
        score if step.cause else "",
        stage_told(step),
    )


def _event(came: Came) -> str:
    told = f"{came.recorded.type} at {came.recorded.position}"
    if came.exclusion is not None:
        told += f" ({came.exclusion.reason.replace('-', ' ')})"
    return f"{told} (corrected)" if came.corrected_by else told


def _because(step: Step) -> str:
    assert step.cause is not None, "nothing came, so it is a breakpoint"
    return f"({step.cause.name.replace('_', ' ')})"


def _signal(became: Became) -> str:
    before, after = became.before, became.after
    points = f"{after.points:+}" if after.on else "off"
    if before is not None and (before.on, before.points) == (after.on, after.points):
        changed = [name for name, value in after.value.items() if before.value.get(name) != value]
        return f"{became.name} {points}: {_values(after.value, changed)}"
    was = f"{before.points:+}" if before is not None and before.on else "off"
    return f"{became.name} {was} -> {points}"


def _values(values: Mapping[str, object], names: Sequence[str]) -> str:
    shown = shown_values({name: values[name] for name in names})
    return ", ".join(f"{name.replace('_', ' ')} {value_told(one)}" for name, one in shown.items())


def stage_told(step: Step) -> str:
    """What the stage did in words, or that under an override while this one stands."""
    if step.stage is None:
        return ""
    if step.stage == step.stage_before:
        if step.underlying == step.underlying_before:
            return ""
        return f"{step.stage} (by the rules {step.underlying_before} -> {step.underlying})"
    told = step.stage if step.stage_before is None else f"{step.stage_before} -> {step.stage}"
    if step.stage != step.underlying:
        return f"{told} (by the rules {step.underlying})"
    return told
