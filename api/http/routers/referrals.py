"""Who a contact sent us, whom we sent to them, who sent them to us, what was earned and paid."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.http.endpoint import Answer, Routes, Shown
from api.http.openapi import examples
from api.http.wire.parameters import MIN_POSITION
from api.service.answers.referrals import Referral, Referrals, Reward
from api.service.questions import require_registered
from domain.rewards import rewards
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.http.call import Call
    from domain.policy import Policy
    from domain.referrals import Edge
    from ledger.ledger import Ledger

ROUTES = Routes("Status")


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}/referrals",
    scopes=(READ,),
    summary="A contact's referrals, what they earned and what was paid",
    query=(MIN_POSITION,),
    answers={
        200: Shown(
            description="Referrals made and received with their outcomes; rewards, oldest first.",
            example=examples.REFERRALS,
            headers=("ETag", "Rapport-Position", "Content-Location"),
        )
    },
    problems=("contact-not-found", "projection-behind"),
)
async def read_referrals(call: Call) -> Answer:
    """`direction` inbound: they sent us someone; outbound: we sent someone to them.

    `stream` is the contact on whose stream a referral stands, and takes what becomes of it, such as
    another level, its outcome and a reward paid: one that was merged into `by`, or `by` itself.

    `rewards` has an item for each referral and currency; what is owed is earned less clawed back,
    less paid, plus reversed, less declined, and below 0 where more was paid than earned.
    """
    await call.wait_until_reflected(call.get(MIN_POSITION), "standing")
    return await call.in_thread(_referrals)


def _referrals(call: Call) -> Answer:
    projections = call.open_ledger.projections
    require_registered(call.open_ledger.ledger, call.contact_id)
    found = projections.referrals(call.contact_id)
    # What reflects no event yet knows no policy, and no referral that one could judge.
    policies = call.open_ledger.ledger.policies(upto=found.position or None)
    by_purchase = policies.in_force(found.as_of).policy.partner.won_by_purchase

    streams = _streams(call.open_ledger.ledger, [*found.made, *found.received])

    def shown(edge: Edge) -> Referral:
        bought, stream = found.commerce.get(edge.other), streams[edge.event_id]
        return Referral.of(edge, bought, found.as_of, stream, by_purchase=by_purchase)

    def edges_to(contact: UUID) -> tuple[Edge, ...]:
        return projections.referrals(contact).received

    def policy_at(at: int) -> Policy:
        return policies.in_force(at).policy

    earned = rewards(found.made, edges_to, found.commerce, policy_at, found.as_of)
    body = Referrals(
        contact_id=found.contact_id,
        position=found.position,
        as_of=found.as_of,
        made=tuple(shown(edge) for edge in found.made),
        received=tuple(shown(edge) for edge in found.received),
        rewards=tuple(Reward.of(one, streams[one.event_id]) for one in earned),
    )
    headers = call.located(found.contact_id)
    return Answer(body=body, headers=headers, position=found.position, digest=True)


def _streams(ledger: Ledger, edges: Sequence[Edge]) -> dict[UUID, UUID]:
    """On whose stream each referral stands, by the id of its event."""
    rows = ledger.stored([edge.position for edge in edges])
    return {edge.event_id: UUID(str(rows[edge.position].stream)) for edge in edges}
