"""Where a contact stands, why, and since when: folded at the moment of asking, for any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.coordinates import question_of
from api.http.endpoint import Answer, Routes, Shown
from api.http.openapi import examples
from api.http.wire.media import Continued
from api.http.wire.parameters import AS_KNOWN_AT, AS_OF, EXPLAIN, MIN_POSITION, POLICY_VERSION
from api.service.answers.status import (
    Evidence,
    Status,
    StatusQuestion,
)
from api.service.questions import relationship_of, short_subject_of, subject_of
from ledger.access.scopes import AUDIT, READ

if TYPE_CHECKING:
    from api.http.call import Call
    from api.service.questions import Question, Subject

ROUTES = Routes("Status")

_WHEN = (AS_OF, AS_KNOWN_AT, POLICY_VERSION, MIN_POSITION)
_PROBLEMS = ("contact-not-found", "policy-not-found", "invalid-time", "projection-behind")
_HEADERS = ("ETag", "Rapport-Position", "Content-Location")


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}/status",
    scopes=(READ, AUDIT),
    summary="A contact's stage with its evidence",
    query=(*_WHEN, EXPLAIN),
    answers={
        200: Shown(
            description="The stage, the signals behind it, what is left out, what would change it.",
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
    found = _kept(call) or await call.in_turn(_short_status)
    return found if found is not None else await call.in_thread(_status)


def _is_about_now(call: Call) -> bool:
    """Whether nothing is asked but what is so now, as far as is known."""
    return not call.values or call.values.keys() == {MIN_POSITION.name}


def _kept(call: Call) -> Answer | None:
    """The answer without reading anything, where it is known; it takes no thread."""
    if not _is_about_now(call):
        return None
    contact_id, now = call.contact_id, call.server.clock()
    found = call.open_ledger.statuses.get(contact_id, now)
    if found is None:
        return None
    begun = StatusQuestion(contact_id=contact_id, as_of=now, as_known_at=found.newest.known_at)
    return Answer(body=Continued(begun, found.said), position=found.newest.position, digest=True)


def _short_status(call: Call) -> Answer | None:
    """The status of a contact whose past is short; None where that takes longer."""
    question = question_of(call)
    subject = short_subject_of(question, call.contact_id)
    return None if subject is None else _told_status(call, question, subject)


def _status(call: Call) -> Answer:
    question = question_of(call)
    return _told_status(call, question, subject_of(question, call.contact_id))


def _told_status(call: Call, question: Question, subject: Subject) -> Answer:
    found = relationship_of(question, subject)
    if _is_about_now(call) and question.aliases.members(call.contact_id) == (subject.contact_id,):
        said = Evidence.of(subject, found).json_bytes()
        position, from_at, until_at = question.position, question.as_of, found.holds_until
        call.open_ledger.statuses.keep(subject.contact_id, position, from_at, until_at, said)
        newest = call.open_ledger.statuses.newest
        known_at = newest.known_at if newest.position == position else question.as_known_at
        begun = StatusQuestion(contact_id=subject.contact_id, as_of=from_at, as_known_at=known_at)
        return _told(call, question, subject, Continued(begun, said))
    explained = call.get(EXPLAIN) is not None
    body = Status.of_question(question, subject, found, explained=explained)
    return _told(call, question, subject, body)


def _told(call: Call, question: Question, subject: Subject, body: object) -> Answer:
    headers = call.located(subject.contact_id)
    return Answer(body=body, headers=headers, position=question.position, digest=True)
