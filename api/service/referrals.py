"""The referrals of a contact in both directions, with what they earned and what was paid."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.service.answers.referrals import Referral, Referrals, Reward
from api.service.questions import require_registered
from domain.rewards import rewards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.service.server import OpenLedger
    from domain.policy import Policy
    from domain.referrals import Edge
    from ledger.ledger import Ledger


def referrals_of(served: OpenLedger, contact_id: UUID) -> Referrals:
    """The referrals of a contact, or of the survivor that stands for it, as they are projected.

    Raises:
        ContactNotFound: nobody registered it.
    """
    projections, ledger = served.projections, served.ledger
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
