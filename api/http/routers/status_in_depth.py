"""The history of a contact's status, its receipt, and the contact's standing."""

from __future__ import annotations

import asyncio
import time

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.dependencies import ContactInPath, CurrentReply, InquiryAt, PositionKnown
from api.http.openapi import examples, log_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire.query_types import Explain
from api.service.answers.receipts import Receipt
from api.service.answers.status import Standing, StatusHistory
from api.service.questions import relationship_of, standing_of, subject_of
from api.service.receipts.making import make_receipt, needed_position
from domain.errors import NotYetSigned
from ledger.access.scopes import AUDIT, READ
from ledger.stores.transparency_log import StoredCheckpoint
from ledger.transparency.log import TransparencyLog

SIGNING_SECONDS = 2.0
"""How long a receipt waits for a checkpoint over the newest events."""

router = APIRouter(
    prefix="/v1/ledgers/{ledger}/contacts/{contact}",
    tags=["Status"],
    dependencies=[allow(READ, AUDIT)],
    route_class=LedgerRoute,
)

_PROBLEMS = ("contact-not-found", "policy-not-found", "invalid-time", "projection-behind")
_HEADERS = ("ETag", "Rapport-Position", "Content-Location")


@router.get(
    "/status/history",
    summary="Get a contact's stages over time, each with its cause",
    responses={
        200: response_of(
            "One interval per change of stage, oldest first.", examples.STATUS_HISTORY, *_HEADERS
        ),
        **problems(*_PROBLEMS),
    },
)
def read_status_history(
    contact_id: ContactInPath,
    inquiry: InquiryAt,
    _known: PositionKnown,
    reply: CurrentReply,
    explain: Explain = None,
) -> StatusHistory:
    """The first interval begins with the first event; the last is open while it lasts."""
    question = inquiry.question()
    subject = subject_of(question, contact_id)
    found = relationship_of(question, subject)
    reply.answers_for(subject.contact_id)
    reply.reflects(question.position)
    return StatusHistory.of(question, subject, found, explained=explain is not None)


@router.get(
    "/status/receipt",
    summary="Get a contact's status with its proof",
    responses={
        200: response_of(
            "The answer of the status, the events and policies that it rests on as they are "
            "stored, a proof of each, and the signed checkpoint.",
            log_examples.RECEIPT,
            *_HEADERS,
        ),
        **problems(*_PROBLEMS, "not-yet-sealed"),
    },
)
async def read_status_receipt(
    contact_id: ContactInPath, inquiry: InquiryAt, _known: PositionKnown, reply: CurrentReply
) -> Receipt:
    """A receipt is a status that anyone who has the ledger's verifier key can verify offline.

    `rapport verify receipt.json --key KEY` checks it. Personal fields stay encrypted in it.
    `completeness` lists what it does not prove. A new event is under a signed checkpoint within a
    second or two, and the receipt waits for that.
    """
    version = inquiry.at.policy_version
    question = await run_in_threadpool(inquiry.question)
    position = needed_position(question, version)
    signed = await _wait_for_checkpoint(inquiry.served.ledger.transparency, position)
    survivor, receipt = await run_in_threadpool(make_receipt, question, contact_id, version, signed)
    reply.answers_for(survivor)
    reply.reflects(question.position)
    return receipt


@router.get(
    "/standing",
    summary="Get a contact's standing as a referral partner",
    responses={
        200: response_of(
            "Standing, influence, counts and who owes whom.", examples.STANDING, *_HEADERS
        ),
        **problems(*_PROBLEMS),
    },
)
def read_standing(
    contact_id: ContactInPath, inquiry: InquiryAt, _known: PositionKnown, reply: CurrentReply
) -> Standing:
    """A partner needs no purchase: the standing does not depend on the stage."""
    question = inquiry.question()
    subject = subject_of(question, contact_id)
    reply.answers_for(subject.contact_id)
    reply.reflects(question.position)
    return Standing.of(question, subject, standing_of(question, subject))


async def _wait_for_checkpoint(log: TransparencyLog, position: int) -> StoredCheckpoint:
    """A checkpoint that covers the position.

    Raises:
        NotYetSigned: there is none in time.
    """
    ends = time.monotonic() + SIGNING_SECONDS
    while (signed := await run_in_threadpool(log.checkpoint)).size < position:
        if time.monotonic() >= ends or log.state == "stopped":
            raise NotYetSigned(f"position {position} is under no checkpoint yet")
        log.wake()
        await asyncio.sleep(0.02)
    return signed
