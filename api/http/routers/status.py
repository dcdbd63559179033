"""Where a contact stands, why, and since when: folded at the moment of asking, for any moment."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from api.http.coordinates import question_of
from api.http.endpoint import Answer, Routes, Shown
from api.http.openapi import examples
from api.http.wire.media import Continued
from api.http.wire.parameters import AS_KNOWN_AT, AS_OF, EXPLAIN, MIN_POSITION, POLICY_VERSION
from api.service.answers.receipts import Receipt
from api.service.answers.status import (
    Evidence,
    Standing,
    Status,
    StatusHistory,
    StatusQuestion,
)
from api.service.questions import relationship_of, short_subject_of, standing_of, subject_of
from api.service.receipts.making import make_receipt, needed_position
from domain.errors import NotYetSealed
from ledger.access.scopes import AUDIT, READ

if TYPE_CHECKING:
    from api.http.call import Call
    from api.service.questions import Question, Subject
    from ledger.stores.transparency_log import Signed
    from ledger.transparency.log import TransparencyLog

SEAL_SECONDS = 2.0
"""How long a receipt waits for what was recorded just now to be sealed."""

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


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}/status/history",
    scopes=(READ, AUDIT),
    summary="A contact's stages over time, each with its cause",
    query=(*_WHEN, EXPLAIN),
    answers={
        200: Shown(
            description="One interval per change of stage, oldest first.",
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
    "/v1/ledgers/{ledger}/contacts/{contact}/status/receipt",
    scopes=(READ, AUDIT),
    summary="A contact's status with the proof of it",
    query=_WHEN,
    answers={
        200: Shown(
            description="The answer of the status, the events and policies that it rests on as "
            "they are stored, a proof of each, and the signed checkpoint.",
            example=Receipt.model_validate(examples.RECEIPT),
            headers=_HEADERS,
        )
    },
    problems=(*_PROBLEMS, "not-yet-sealed"),
)
async def read_status_receipt(call: Call) -> Answer:
    """One document that proves itself, offline, to whoever has the ledger's verifier key.

    `rapport verify receipt.json --key KEY` checks it. Personal fields stay sealed in it. What it
    does not prove stands in `completeness`. What was recorded just now is sealed within a second
    or two; a receipt waits for that.
    """
    await call.wait_until_known(call.get(MIN_POSITION))
    question = await run_in_threadpool(question_of, call)
    position = needed_position(question, call.get(POLICY_VERSION))
    signed = await _sealed(call.open_ledger.ledger.transparency, position)
    return await call.in_thread(partial(_receipt, question, signed))


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}/standing",
    scopes=(READ, AUDIT),
    summary="How a contact stands as a referral partner",
    query=_WHEN,
    answers={
        200: Shown(
            description="Standing, influence, counts and who owes whom.",
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


async def _sealed(log: TransparencyLog, position: int) -> Signed:
    """A checkpoint that covers the position.

    Raises:
        NotYetSealed: there is none in time.
    """
    ends = time.monotonic() + SEAL_SECONDS
    while (signed := await run_in_threadpool(log.checkpoint)).size < position:
        if time.monotonic() >= ends or log.state == "stopped":
            raise NotYetSealed(f"position {position} is under no checkpoint yet")
        log.wake()
        await asyncio.sleep(0.02)
    return signed


def _receipt(question: Question, signed: Signed, call: Call) -> Answer:
    version = call.get(POLICY_VERSION)
    survivor, receipt = make_receipt(question, call.contact_id, version, signed)
    return Answer(
        body=Receipt.model_validate(receipt),
        headers=call.located(survivor),
        position=question.position,
        digest=True,
    )


def _history(call: Call) -> Answer:
    question = question_of(call)
    subject = subject_of(question, call.contact_id)
    found = relationship_of(question, subject)
    body = StatusHistory.of(question, subject, found, explained=call.get(EXPLAIN) is not None)
    return _told(call, question, subject, body)


def _standing(call: Call) -> Answer:
    question = question_of(call)
    subject = subject_of(question, call.contact_id)
    found = standing_of(question, subject)
    return _told(call, question, subject, Standing.of(question, subject, found))


def _told(call: Call, question: Question, subject: Subject, body: object) -> Answer:
    headers = call.located(subject.contact_id)
    return Answer(body=body, headers=headers, position=question.position, digest=True)
