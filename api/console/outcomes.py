"""What a page says after a form was sent: what was recorded, or that it was done already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.console.done_already import who_did
from api.service.agendas.answering import names_at
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from uuid import UUID

    from starlette.responses import Response

    from api.console.done_already import Completion
    from api.console.visit import Visit
    from ledger.drafts import AppendResult


def is_for_item(visit: Visit, names: list[str], key: str | None) -> bool:
    """Whether an act is for an item of the agenda, which the principal may see."""
    return bool(key) and bool(names) and visit.may(READ)


def confirmation(visit: Visit, what: str, names: list[str], result: AppendResult) -> Response:
    """What was recorded, with the way to undo it."""
    question = visit.question()
    name_of = names_at(visit.served.ledger, question.moment, wanted=visit.may(READ))
    survivors = {question.aliases.survivor_of(visit.contact_named(one)) for one in names}
    template = "act_done.html" if not visit.is_fragment else "act_done_only.html"
    return visit.page(
        template,
        what=what,
        people=[(one, name_of(one)) for one in sorted(survivors)],
        events=[(one.contact_id, one.id) for one in result.events],
        already=not result.events,
        back=visit.ledger_path,
    )


def done_already(
    visit: Visit, contact: UUID, key: str, status: int, done: Completion | None = None
) -> Response:
    """That somebody else did it in the meantime; nothing is recorded.

    ``done`` says who and when, where that is known already.
    """
    question = visit.question()
    survivor = question.aliases.survivor_of(contact)
    name_of = names_at(visit.served.ledger, question.moment, wanted=visit.may(READ))
    return visit.page(
        "done_already.html" if not visit.is_fragment else "done_already_only.html",
        status=status,
        headers={"HX-Reswap": "outerHTML"},  # it takes the place of its row
        done=done or who_did(visit, contact, key),
        contact=survivor,
        name=name_of(survivor),
        back=visit.ledger_path,
    )
