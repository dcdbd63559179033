"""Any contact's past replayed step by step, in words: what came, and what it did to the stage."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from api.console.visit import Page
from api.console.vocabulary import act_named
from api.service.agendas.answering import names_at
from api.service.finding.pages import ContactFilter, found_contacts
from api.service.questions import group_of, subject_in
from api.service.replays.steps import steps
from domain.errors import Invalid
from ledger.access.scopes import AUDIT, READ

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.replays.steps import Became, Came, Step

MOST_FOUND = 20
"""How many contacts are proposed that are called as was typed."""

MOST_STEPS = 200
"""How many steps stand on one page."""


@dataclass(frozen=True)
class Row:
    """A step in words; ``score_before`` and ``stage_before`` where they were others."""

    step: Step
    came: tuple[str, ...]
    signals: tuple[str, ...]


def show(visit: Visit) -> Response:
    """The steps from the first event on, or from the one that is asked for.

    Raises:
        ContactNotFound: nobody registered it.
        Invalid: the number of the first step is none.
    """
    question = visit.question()
    survivor, group = group_of(
        question.ledger, question.aliases, question.position, visit.contact_id
    )
    subject = subject_in(survivor, group)
    first = _number(visit.parameter("after"))
    walked = steps(group, subject.history, question.moment)
    found = list(islice(walked, first, first + MOST_STEPS + 1))
    name_of = names_at(question.ledger, question.moment, wanted=visit.may(READ))
    return visit.page(
        "steps.html",
        contact_id=survivor,
        name=name_of(survivor),
        first=first,
        rows=[_row(one) for one in found[:MOST_STEPS]],
        more=first + MOST_STEPS if len(found) > MOST_STEPS else None,
        position=question.position,
    )


def find(visit: Visit) -> Response:
    """Lead to the steps of the contact that was typed, or show those who are called so.

    Raises:
        Invalid: it is neither a UUID nor source:ref, and the key may not look for names.
    """
    typed = visit.parameter("contact") or ""
    if not visit.may(READ):
        contact = visit.contact_named(typed)
        return visit.lead_to(f"{visit.ledger_path}/people/{contact}/steps")
    found = list(found_contacts(visit.served, ContactFilter(q=typed), MOST_FOUND, visit.now).items)
    if not found:
        with suppress(Invalid):
            found_at = visit.contact_named(typed)
            return visit.lead_to(f"{visit.ledger_path}/people/{found_at}/steps")
    if len(found) == 1:
        return visit.lead_to(f"{visit.ledger_path}/people/{found[0].contact_id}/steps")
    return visit.page(
        "steps_choice.html",
        typed=typed,
        found=found,
        position=visit.served.ledger.head(),
    )


def _row(step: Step) -> Row:
    came = tuple(_came(one) for one in step.came)
    if not came and step.cause is not None:  # nothing came: time went by
        came = (f"({step.cause.name.replace('_', ' ')})",)
    return Row(step, came, tuple(_became(one) for one in step.signals))


def _came(one: Came) -> str:
    said = f"{act_named(one.recorded.type)}, entry {one.recorded.position:,}"
    if one.exclusion is not None:
        said += f"; does not count: {one.exclusion.reason.replace('-', ' ')}"
    return f"{said}; corrected" if one.corrected_by else said


def _became(one: Became) -> str:
    name = one.name.replace("_", " ")
    before, after = one.before, one.after
    was = before.points if before is not None and before.on else 0
    now = after.points if after.on else 0
    return f"{name} {now}" if was == now else f"{name} {was} to {now}"


def _number(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isdecimal() or len(text) > 6:
        raise Invalid.at("/after", "malformed", "is no place in this list")
    return int(text)


PAGES = (
    Page("/ledgers/{ledger}/steps", find, (READ, AUDIT)),
    Page("/ledgers/{ledger}/people/{contact}/steps", show, (READ, AUDIT)),
)
