"""The status of a contact at any moment: the stage, the reasons, and since when. It is folded on
request.

The one read that tills and pages ask all day takes the bare request, and answers from what is kept
where nothing has happened since.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.http.access import allow
from api.http.dependencies import at_of, contact_of, wait_for_ledger
from api.http.exchange import Exchange, exchange_in
from api.http.kept_answers import STATUSES, answer_now, is_about_now, question_in
from api.http.openapi import examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import BareRoute
from api.http.waiting import wait_until_known
from api.http.wire.query_types import Explain
from api.service.answers.status import Status
from api.service.profiles import profile_at
from api.service.questions import Question, Subject, relationship_of, short_subject_of, subject_of
from ledger.access.scopes import AUDIT, READ

router = APIRouter(tags=["Status"], route_class=BareRoute)


async def explain_parameter(explain: Explain = None) -> None:
    """The parameter that asks for sentences."""


@router.get(
    "/v1/ledgers/{ledger}/contacts/{contact}/status",
    dependencies=[
        allow(READ, AUDIT),
        Depends(contact_of),
        Depends(at_of),
        Depends(wait_for_ledger),
        Depends(explain_parameter),
    ],
    summary="Get a contact's status: the stage with its evidence",
    response_model=Status,
    responses={
        200: response_of(
            "The stage, the signals behind it, what is left out, what would change it.",
            examples.STATUS,
            "ETag",
            "Rapport-Position",
            "Content-Location",
        ),
        **problems("contact-not-found", "policy-not-found", "invalid-time", "projection-behind"),
    },
)
async def read_status(request: Request) -> Any:
    """It answers what the stage is now, what it was then by what is known now, and what was
    believed then.

    `as_of` is an instant in the world's time, and `as_known_at` one in the ledger's. The same
    question has the same answer forever.
    """
    exchange = exchange_in(request)
    if (min_position := exchange.query.get("min_position")) is not None:
        await wait_until_known(exchange.served, min_position)
    if is_about_now(exchange):
        return await answer_now(exchange, STATUSES)
    found = await exchange.server.serial_executor.run(_short_status, exchange)
    return found if found is not None else await run_in_threadpool(_status, exchange)


def _short_status(exchange: Exchange) -> Status | None:
    """The status of a contact whose past is short; None where that takes longer."""
    question = question_in(exchange)
    subject = short_subject_of(question, exchange.contact_id)
    return None if subject is None else _status_of(exchange, question, subject)


def _status(exchange: Exchange) -> Status:
    question = question_in(exchange)
    return _status_of(exchange, question, subject_of(question, exchange.contact_id))


def _status_of(exchange: Exchange, question: Question, subject: Subject) -> Status:
    found = relationship_of(question, subject)
    exchange.reply.answers_for(subject.contact_id)
    exchange.reply.reflects(question.position)
    is_explained = "explain" in exchange.query
    name = None
    if is_explained and exchange.principal.has((READ,)):
        ledger, aliases = question.ledger, question.aliases
        name = profile_at(ledger, aliases, subject.contact_id, question.position).name
    return Status.of_question(question, subject, found, explained=is_explained, name=name)
