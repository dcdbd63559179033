"""Answers about one contact that are kept: what is asked of them, how they are found and sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from starlette.concurrency import run_in_threadpool

from api.http.dependencies import Inquiry, at_in
from api.http.wire.media import PartlyEncoded, join_objects
from api.http.wire.rendered import WholeAnswer, content_answer, weak_tag_of
from api.service.answers.document import ContactQuestion
from api.service.present_answers import kept_answer, present_card, short_status, whole_status
from api.service.strict_parsing import JSON

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from api.http.exchange import Exchange
    from api.service.answer_cache import AnswerCache
    from api.service.present_answers import PresentAnswer
    from api.service.questions import Question
    from api.service.server import OpenLedger, Server


class KeptKind(NamedTuple):
    """A kind of answers that are kept: where, and how one is found that is not.

    ``is_weak`` says that its tag leaves out what was asked.
    """

    answers: Callable[[OpenLedger], AnswerCache]
    find: Callable[[Server, OpenLedger, UUID, int], Awaitable[PresentAnswer]]
    is_weak: bool


async def _find_status(
    server: Server, served: OpenLedger, contact_id: UUID, now: int
) -> PresentAnswer:
    find = partial(short_status, served, contact_id)
    found = await server.serial_executor.run(find, now)
    if found is not None:
        return found
    return await run_in_threadpool(whole_status, served, contact_id, now)


async def _find_card(
    _server: Server, served: OpenLedger, contact_id: UUID, now: int
) -> PresentAnswer:
    return await run_in_threadpool(present_card, served, contact_id, now)


STATUSES = KeptKind(lambda served: served.statuses, _find_status, is_weak=False)
CARDS = KeptKind(lambda served: served.cards, _find_card, is_weak=True)


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


async def answer_now(exchange: Exchange, kind: KeptKind) -> PartlyEncoded:
    """What is so now of the contact that the path names.

    Raises:
        ContactNotFound: nobody has registered it.
    """
    served, contact_id, now = exchange.served, exchange.contact_id, exchange.server.clock()
    found = kept_answer(kind.answers(served), contact_id, now)
    if found is None:
        found = await kind.find(exchange.server, served, contact_id, now)
    exchange.reply.answers_for(found.contact_id)
    exchange.reply.reflects(found.known_at.position)
    return PartlyEncoded(found.question, found.said, is_weak=kind.is_weak)


def whole_answer(kind: KeptKind, asked: UUID, path: str, found: PresentAnswer) -> WholeAnswer:
    """What ``answer_now`` becomes where nothing else is asked, in JSON.

    ``path`` is that of the question, with a place for the contact.
    """
    headers: dict[str, str] = {}
    if found.contact_id != asked:
        headers["Content-Location"] = path.format(found.contact_id)
    position, recorded_at = found.known_at.position, found.known_at.recorded_at
    assert recorded_at is not None, "a contact that is registered was recorded"
    headers["Rapport-Position"] = str(position)
    question = ContactQuestion.bytes_of(found.contact_id, found.as_of, position, recorded_at)
    tag = weak_tag_of(found.said, JSON) if kind.is_weak else None
    content = join_objects(question, found.said)
    return content_answer(content, JSON, 200, headers, digest=True, tag=tag)
