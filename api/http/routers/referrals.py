"""The referrals of a contact in both directions, with what was earned and paid."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from api.http.access import allow
from api.http.dependencies import ContactInPath, CurrentReply, LedgerInPath
from api.http.openapi import examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.waiting import wait_until_reflected
from api.http.wire.query_types import MinPosition
from api.service.answers.referrals import Referrals
from api.service.referrals import referrals_of
from ledger.access.scopes import READ

router = APIRouter(tags=["Status"], route_class=LedgerRoute)


async def wait_for_standings(served: LedgerInPath, min_position: MinPosition = None) -> None:
    """Wait until standings reflect the position that is asked for."""
    await wait_until_reflected(served, min_position, "standing")


@router.get(
    "/v1/ledgers/{ledger}/contacts/{contact}/referrals",
    dependencies=[allow(READ), Depends(wait_for_standings)],
    summary="List a contact's referrals, with what they earned and what was paid",
    responses={
        200: response_of(
            "Referrals made and received with their outcomes; rewards, oldest first.",
            examples.REFERRALS,
            "ETag",
            "Rapport-Position",
            "Content-Location",
        ),
        **problems("contact-not-found", "projection-behind"),
    },
)
def read_referrals(
    served: LedgerInPath, contact_id: ContactInPath, reply: CurrentReply
) -> Referrals:
    """`direction` inbound: they sent us someone; outbound: we sent someone to them.

    `stream` is the contact on whose stream a referral stands, and takes what becomes of it, such as
    another level, its outcome and a reward paid: one that was merged into `by`, or `by` itself.

    `rewards` has an item for each referral and currency; what is owed is earned less clawed back,
    less paid, plus reversed, less declined, and below 0 where more was paid than earned.
    """
    found = referrals_of(served, contact_id)
    reply.answers_for(found.contact_id)
    reply.reflects(found.position)
    return found
