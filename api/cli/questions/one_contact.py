"""The answers of commands about one contact at a point in both times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from api.cli.differences import value_told
from api.cli.output import print_json, print_json_line, print_table
from api.service.answers.status import shown_values
from api.service.answers.steps import Step as ShownStep
from domain.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.cli.asking.answers import LedgerAnswers
    from api.service.questions import At
    from api.service.replays.steps import Became, Came, Step

_NAME = "\0"
"""Stands for the contact's name while sentences are taken apart; no text has it."""

_SENTENCE_ENDS = re.compile(r"(?<=\.) (?=[A-Z0-9])")


def tell_status(answers: LedgerAnswers, contact: str, asked: At, *, as_json: bool) -> None:
    """Write a contact's status in sentences, or as HTTP answers it.

    Raises:
        LedgerError: the question is none, or nobody had registered the contact by then.
    """
    status = answers.status(contact, asked, explained=not as_json)
    if as_json:
        print_json(status)
        return
    position = status["as_known_at"]["position"]
    _head(answers, contact, status["contact_id"], status["as_of"], position)
    # A name may look like the end of a sentence, as that of J. R. Smith does.
    name = answers.names([status["contact_id"]])[status["contact_id"]]
    nameless = status["explanation"].replace(name, _NAME, 1)
    for sentence in _SENTENCE_ENDS.split(nameless):
        click.echo(sentence.replace(_NAME, name))


def walk_through(answers: LedgerAnswers, contact: str, asked: At, *, as_json: bool) -> None:
    """Write a contact's past step by step: a table, or a line of JSON for each step.

    Raises:
        LedgerError: the question is none, or nobody had registered the contact by then.
    """
    walked = answers.steps(contact, asked)
    if as_json:
        for step in walked.steps:
            print_json_line(ShownStep.of(step).plain())
        return
    _head(answers, contact, walked.contact_id, walked.as_of, walked.position)
    headings = ("when", "what", "signals", "score", "stage")
    print_table(headings, [_row(one) for one in walked.steps], "Nothing had happened by then.")


def _head(answers: LedgerAnswers, asked_for: str, contact: str, as_of: str, position: int) -> None:
    """The contact and the question; also the other name that was asked for, as after a merge."""
    also = "" if asked_for.lower() == contact else f", asked for as {asked_for}"
    click.echo(f"{answers.names([contact])[contact]}{also}")
    click.echo(f"{contact}, as of {as_of}, as known at position {position:,}")


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
    """The change of the stage in words, or of the one under an override in force."""
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
