"""The referrals of a contact in both directions, with what was earned and paid."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Depends

from api.http.access import allow
from api.http.dependencies import ContactInPath, CurrentReply, LedgerInPath
from api.http.openapi import examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.waiting import wait_until_reflected
from api.http.wire.query_types import MinPosition
from api.service.answers.referrals import Referral, Referrals, Reward
from api.service.questions import require_registered
from domain.policy import Policy
from domain.referrals import Edge
from domain.rewards import rewards
from ledger.access.scopes import READ
from ledger.ledger import Ledger

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
    projections = served.projections
    ledger = served.ledger
    require_registered(ledger, served.aliases.at(ledger.head()).survivor_of(contact_id))
    found = projections.referrals(contact_id)
    # What reflects no event yet knows no policy, and no referral that one could judge.
    policies = ledger.policies(upto=found.position or None)
    by_purchase = policies.in_force(found.as_of).policy.partner.won_by_purchase

    streams = _streams(ledger, [*found.made, *found.received])

    def referral_of(edge: Edge) -> Referral:
        bought, stream = found.commerce.get(edge.other), streams[edge.event_id]
        return Referral.of(edge, bought, found.as_of, stream, by_purchase=by_purchase)

    def edges_to(contact: UUID) -> tuple[Edge, ...]:
        return projections.referrals(contact).received

    def policy_at(at: int) -> Policy:
        return policies.in_force(at).policy

    earned = rewards(found.made, edges_to, found.commerce, policy_at, found.as_of)
    reply.answers_for(found.contact_id)
    reply.reflects(found.position)
    return Referrals(
        contact_id=found.contact_id,
        position=found.position,
        as_of=found.as_of,
        made=tuple(referral_of(edge) for edge in found.made),
        received=tuple(referral_of(edge) for edge in found.received),
        rewards=tuple(Reward.of(one, streams[one.event_id]) for one in earned),
    )


def _streams(ledger: Ledger, edges: Sequence[Edge]) -> dict[UUID, UUID]:
    """The stream of each referral, by the id of its event."""
    rows = ledger.stored_rows([edge.position for edge in edges])
    return {edge.event_id: UUID(str(rows[edge.position].stream)) for edge in edges}
