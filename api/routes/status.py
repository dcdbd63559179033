"""Where a contact stands, why, and since when: folded at the moment of asking, for any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.calls import Answer, Call, Routes, Shown
from api.knowledge import question_of, relationship_of, standing_of, subject_of
from api.openapi import examples, shapes
from api.wire import present_status
from api.wire.parameters import AS_KNOWN_AT, AS_OF, EXPLAIN, MIN_POSITION, POLICY_VERSION

if TYPE_CHECKING:
    from api.knowledge import Question, Subject

ROUTES = Routes("Status")

_WHEN = (AS_OF, AS_KNOWN_AT, POLICY_VERSION, MIN_POSITION)
_PROBLEMS = ("contact-not-found", "policy-not-found", "invalid-time", "projection-behind")
_HEADERS = ("ETag", "Rapport-Position", "Content-Location")


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}/status",
    summary="A contact's stage with its evidence",
    query=(*_WHEN, EXPLAIN),
    answers={
        200: Shown(
            description="The stage, the signals behind it, what is left out, what would change it.",
            schema=shapes.STATUS,
            example=examples.STATUS,
            headers=_HEADERS,
        )
    },
    problems=_PROBLEMS,
)
async def read_status(call: Call) -> Answer:
    """What is it now; what was it then, by what we know now; what did we believe then.

    `as_of` moves in the world's time, `as_known_at` in the ledger's. The same question has the same
    answer for ever.
    """
    await call.wait_until_known(call.get(MIN_POSITION))
    return await call.in_thread(_status)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}/status/history",
    summary="A contact's stages over time, each with its cause",
    query=(*_WHEN, EXPLAIN),
    answers={
        200: Shown(
            description="One interval per change of stage, oldest first.",
            schema=shapes.STATUS_HISTORY,
            example=examples.STATUS_HISTORY,
            headers=_HEADERS,
        )
    },
    problems=_PROBLEMS,
)
async def read_status_history(call: Call) -> Answer:
    """The first interval begins with the first event; the last is open while it lasts."""
    await call.wait_until_known(call.get(MIN_POSITION))
    return await call.in_thread(_history)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}/standing",
    summary="How a contact stands as a referral partner",
    query=_WHEN,
    answers={
        200: Shown(
            description="Standing, influence, counts and who owes whom.",
            schema=shapes.STANDING,
            example=examples.STANDING,
            headers=_HEADERS,
        )
    },
    problems=_PROBLEMS,
)
async def read_standing(call: Call) -> Answer:
    """No purchase is needed to be a partner: standing and stage are two axes."""
    await call.wait_until_known(call.get(MIN_POSITION))
    return await call.in_thread(_standing)


def _status(call: Call) -> Answer:
    question = question_of(call)
    subject = subject_of(question, call.contact_id)
    found = relationship_of(question, subject)
    body = present_status.status(question, subject, found, explained=call.get(EXPLAIN) is not None)
    return _told(call, question, subject, body)


def _history(call: Call) -> Answer:
    question = question_of(call)
    subject = subject_of(question, call.contact_id)
    found = relationship_of(question, subject)
    body = present_status.history(question, subject, found, explained=call.get(EXPLAIN) is not None)
    return _told(call, question, subject, body)


def _standing(call: Call) -> Answer:
    question = question_of(call)
    subject = subject_of(question, call.contact_id)
    found = standing_of(question, subject)
    return _told(call, question, subject, present_status.standing(question, found, subject))


def _told(call: Call, question: Question, subject: Subject, body: object) -> Answer:
    headers = call.located(subject.contact_id)
    return Answer(body=body, headers=headers, position=question.position, digest=True)
