"""How contacts stand as referral partners, folded from the log when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.first_purchases import commerce_of
from domain.history import effective_history
from domain.standing import standing
from projections.groups import read_group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.first_purchases import Commerce
    from domain.referrals import Edge
    from domain.standing import Standing
    from projections.folding import Moment
    from projections.source import StreamSource


class Partners:
    """Standings at one moment. What a contact bought is read once, however many referred it.

    ``events_read`` is how many events that took so far.
    """

    def __init__(self, source: StreamSource, moment: Moment) -> None:
        self._source = source
        self._moment = moment
        self._commerce: dict[UUID, Commerce] = {}
        self.events_read = 0

    def standing(self, contact: UUID, edges: Sequence[Edge]) -> Standing:
        """Where a contact stands, by all of its own referrals, cut at no instant."""
        moment = self._moment
        commerce = {edge.other: self._commerce_of(edge.other) for edge in edges}
        policy = moment.policies.in_force(moment.at).policy
        return standing(contact, edges, commerce, policy, moment.at)

    def _commerce_of(self, contact: UUID) -> Commerce:
        found = self._commerce.get(contact)
        if found is None:
            moment = self._moment
            group = read_group(self._source, contact, moment.aliases, moment.position)
            self.events_read += len(group)
            found = self._commerce[contact] = commerce_of(effective_history(group, contact))
        return found
