"""Answers about one contact that are kept: what is asked of them, and how they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.dependencies import Inquiry, at_in
from api.http.wire.media import PartlyEncoded
from api.service.answers.document import ContactQuestion

if TYPE_CHECKING:
    from api.http.exchange import Exchange
    from api.service.answer_cache import AnswerCache
    from api.service.questions import Question


def is_about_now(exchange: Exchange) -> bool:
    """Whether nothing is asked but what is so now, as far as is known."""
    return not exchange.query or exchange.query.keys() == {"min_position"}


def question_in(exchange: Exchange) -> Question:
    """What is asked, at which point in both times.

    Raises:
        Invalid: an instant too far ahead, or a position that is not recorded yet.
        PolicyNotFound: no such version was published.
    """
    query, served = exchange.query, exchange.served
    at = at_in(
        served.ledger,
        query.get("as_of"),
        query.get("as_known_at"),
        query.get("policy_version"),
    )
    return Inquiry(served, at, exchange.server.clock()).question()


def kept_answer(
    exchange: Exchange, answers: AnswerCache, *, is_weak: bool = False
) -> PartlyEncoded | None:
    """The answer without reading anything, where it is known; it takes no thread.

    ``is_weak`` says that its tag leaves out what was asked.
    """
    if not is_about_now(exchange):
        return None
    now = exchange.server.clock()
    contact_id = answers.survivor_of(exchange.contact_id)
    found = answers.get(contact_id, now)
    if found is None:
        return None
    exchange.reply.answers_for(contact_id)
    begun = ContactQuestion(contact_id=contact_id, as_of=now, as_known_at=found.newest.known_at)
    exchange.reply.reflects(found.newest.position)
    return PartlyEncoded(begun, found.said, is_weak=is_weak)
