"""Expected values: fitted to a ledger's purchases, kept, and asked about one contact."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter

from api.http.access import allow
from api.http.bodies import body_dependency
from api.http.dependencies import (
    Caller,
    ContactInPath,
    CurrentExchange,
    CurrentReply,
    CurrentServer,
    InquiryAt,
    LedgerInPath,
    PositionKnown,
    at_in,
)
from api.http.openapi import valuation_examples
from api.http.openapi.responses import problems, response_of
from api.http.routers.replays import answer_with_location
from api.http.routing import LedgerRoute
from api.http.wire.coordinates import SentCoordinates
from api.http.wire.money_query_types import ValuedCurrency
from api.http.wire.path_types import ValuationId
from api.service.answers.document import Page
from api.service.answers.projections import Operation
from api.service.answers.valuations import ContactValue, Valuation, ValuationOperation
from api.service.questions import moment_of
from api.service.valuing.asking import contact_value
from api.service.valuing.kept import ValuationNotFound
from api.service.valuing.making import start_valuation
from ledger.access.scopes import READ, REBUILD

router = APIRouter(prefix="/v1/ledgers/{ledger}", tags=["Money"], route_class=LedgerRoute)


class NewValuation(SentCoordinates):
    """Up to when purchases are read, and as known when: null means now, and all that is known.

    ``policy_version`` judges how far off the hold-out may be, instead of that in force.
    """

    EXAMPLES: ClassVar = {
        "up to now": {},
        "up to the end of a year": {"as_of": "2026-01-01"},
    }


@router.post(
    "/valuations",
    dependencies=[allow(REBUILD)],
    summary="Fit expected values to the ledger's purchases",
    response_model=ValuationOperation,
    status_code=202,
    responses={
        202: response_of(
            "The work has started. The operation shows its progress.",
            valuation_examples.VALUING,
            "Location",
        ),
        **problems("invalid-time", "policy-not-found", "refused"),
    },
)
def make_valuation(
    body: Annotated[NewValuation, body_dependency(NewValuation)],
    exchange: CurrentExchange,
    served: LedgerInPath,
    server: CurrentServer,
    caller: Caller,
) -> Operation:
    """`model` is BG/NBD (Fader, Hardie and Lee 2005), of how often contacts buy and whether they
    have left; `spend` is Gamma-Gamma (Fader and Hardie 2013), of what a purchase day brings. Both
    are fitted to purchase days in each currency, without refunded purchases, and without contacts
    who ever had a subscription or an engagement. Parameters have six significant digits.

    `hold_out` fits again on the first four fifths of the time and compares the rest with what that
    made expect. A valuation abstains with a `reason`: `too-few-repeats` (fewer than 200 contacts
    with a second purchase day), `no-drop-out` (a gain in log-likelihood below 3), `at-bound`,
    `no-convergence`, `spend-without-mean`, or `hold-out-missed` (off by more than
    `book.hold_out_percent` of the policy, 25 by default). Valuations hold nothing personal. They
    stay on the server's machine and are in no archive: the same data give the same digits again.
    """
    at = at_in(served.ledger, body.as_of, body.as_known_at, body.policy_version)
    moment = moment_of(served.ledger, served.aliases, at, server.clock())
    return answer_with_location(exchange, start_valuation(served, caller.id, moment))


@router.get(
    "/valuations",
    dependencies=[allow(READ, REBUILD)],
    summary="List valuations, the one that was made last first",
    responses={
        200: response_of(
            "The newest 1,000.",
            Page[Valuation](items=(valuation_examples.VALUATION,), next_cursor=None),
        )
    },
)
def list_valuations(served: LedgerInPath) -> Page[Valuation]:
    """Each says up to which position and instant it knows the ledger, and the SHA-256 of what it
    read of it.
    """
    return Page[Valuation](items=tuple(served.valuations.all()), next_cursor=None)


@router.get(
    "/valuations/{valuation}",
    dependencies=[allow(READ, REBUILD)],
    summary="Get a valuation",
    responses={
        200: response_of("The valuation as it was made.", valuation_examples.VALUATION),
        **problems("not-found"),
    },
)
def read_valuation(served: LedgerInPath, valuation: ValuationId) -> Valuation:
    """A valuation never changes."""
    try:
        valuation_id = UUID(valuation)
    except ValueError:
        raise ValuationNotFound("valuations have UUIDs") from None
    return served.valuations.get(valuation_id)


@router.get(
    "/contacts/{contact}/value",
    dependencies=[allow(READ)],
    summary="Say what a contact may bring within a year",
    responses={
        200: response_of(
            "Probability, purchases and revenue, or why there are none.",
            valuation_examples.CONTACT_VALUE,
            "ETag",
            "Rapport-Position",
            "Content-Location",
        ),
        **problems("contact-not-found", "invalid-time", "policy-not-found", "projection-behind"),
    },
)
def read_contact_value(
    contact_id: ContactInPath,
    inquiry: InquiryAt,
    _known: PositionKnown,
    reply: CurrentReply,
    currency: ValuedCurrency = None,
) -> ContactValue:
    """Of the valuations up to `as_of` and `as_known_at`, the one that knows most is used, with the
    contact's own purchases up to there. The value stands beside the stage and decides nothing.

    It abstains where the valuation did, and besides where there is none by then (`no-valuation`),
    where the contact bought nothing in the currency (`never-bought`), has or had a subscription or
    an engagement (`by-agreement`), or was erased (`contact-erased`). Without `currency`, it is that
    in which the contact bought on the most days. `policy_version` makes no difference.
    """
    question = inquiry.question()
    found = contact_value(question, contact_id, inquiry.served.valuations, currency)
    reply.answers_for(found.contact_id)
    reply.reflects(question.position)
    return found
