"""How well we treated a contact, or all clients: the care scorecard."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.dependencies import ContactInPath, CurrentReply, InquiryAt, PositionKnown
from api.http.openapi import care_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.waiting import wait_until_known, wait_until_reflected
from api.http.wire.query_types import MinPosition
from api.service.answers.scorecards import LedgerScorecard, Scorecard
from api.service.questions import subject_of
from api.service.scorecards import contact_scorecard, ledger_scorecard
from ledger.access.scopes import READ

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Status"],
    dependencies=[allow(READ)],
    route_class=LedgerRoute,
)

_PROBLEMS = ("policy-not-found", "invalid-time", "projection-behind")
_HEADERS = ("ETag", "Rapport-Position")


@router.get(
    "/contacts/{contact}/scorecard",
    summary="Get a contact's care scorecard",
    responses={
        200: response_of(
            "The seven letters, each with the events that it rests on.",
            care_examples.SCORECARD,
            *_HEADERS,
            "Content-Location",
        ),
        **problems(*_PROBLEMS, "contact-not-found"),
    },
)
def read_scorecard(
    contact_id: ContactInPath, inquiry: InquiryAt, _known: PositionKnown, reply: CurrentReply
) -> Scorecard:
    """It rates what we did in the 365 days before the instant: how we cared, learned, kept our
    word, heard from them, met their needs, were in time, and satisfied them.

    A letter with nothing to rate has a null `percent`. `overall` is the mean of the others.
    """
    question = inquiry.question()
    subject = subject_of(question, contact_id)
    reply.answers_for(subject.contact_id)
    reply.reflects(question.position)
    return contact_scorecard(question, subject)


@router.get(
    "/scorecard",
    summary="Get the care scorecard over all clients",
    responses={
        200: response_of(
            "Of each letter the mean over the clients who have it.",
            care_examples.LEDGER_SCORECARD,
            *_HEADERS,
        ),
        **problems(*_PROBLEMS),
    },
)
async def read_ledger_scorecard(
    inquiry: InquiryAt, reply: CurrentReply, min_position: MinPosition = None
) -> LedgerScorecard:
    """`numerator` is the sum of the clients' percentages, `denominator` 100 for each client who has
    the letter, and `beside` sums their counts.

    It reads the events of every client, up to 400,000 of them, which takes seconds. With
    `as_known_at`, `policy_version` or an `as_of` that lies ahead, a ledger of up to 200,000 events
    is folded. The command line folds a copy of any data folder.
    """
    served = inquiry.served
    if inquiry.is_folded:
        await wait_until_known(served, min_position)
    else:
        await wait_until_reflected(served, min_position, "status")
    found = await run_in_threadpool(
        ledger_scorecard, served, inquiry.at, inquiry.now, served.limits
    )
    reply.reflects(found.as_known_at.position)
    return found
