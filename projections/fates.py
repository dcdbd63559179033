"""Whose history a retraction or correction changes beside that of the stream it stands on.

A ``referral-received`` shares the fate of its ``referral-made``, which stands on the referrer's
stream. Source: the domain document, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import ReferralMade
from projections.folding import CONTACT_WEIGHT, WeightedCache

if TYPE_CHECKING:
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from projections.source import EventSource

KEPT_REFERRALS = 50_000
"""How many referrals and corrections are kept, which bounds their memory."""

_TYPES = (ReferralMade.TYPE, EventCorrected.TYPE)


@dataclass(slots=True)
class _Stream:
    """What a stream says of referrals up to a version: whom each names, what corrections are of."""

    version: int = 0
    referred: dict[UUID, UUID] = field(default_factory=dict)
    targets: dict[UUID, UUID] = field(default_factory=dict)


class Fates:
    """Who was referred by what an event retracts or corrects, by what the log says up to it.

    A referrer's stream is read once, and gone on with: a partner with thousands of referrals would
    else cost all of them for each of their corrections.
    """

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._kept: WeightedCache[_Stream] = WeightedCache(lambda: KEPT_REFERRALS)

    def referred_contact(self, recorded: RecordedEvent) -> UUID | None:
        """The contact that the event's target referred; None if its target is not a referral.

        The retraction of a correction is about what was corrected.
        """
        event = recorded.event
        if not isinstance(event, EventRetracted | EventCorrected):
            return None
        stream = self._read(recorded)
        target = event.target
        if isinstance(event, EventRetracted):
            target = stream.targets.get(target, target)
        return stream.referred.get(target)

    def _read(self, recorded: RecordedEvent) -> _Stream:
        contact = recorded.contact_id
        self._kept.begin_round()
        stream = self._kept.get(contact) or _Stream()
        if stream.version < recorded.version:
            newer = self._source.stream(
                contact, after_version=stream.version, types=_TYPES, upto=recorded.position
            )
            for one in newer:
                if isinstance(one.event, ReferralMade):
                    stream.referred[one.id] = one.event.other
                elif isinstance(one.event, EventCorrected):
                    stream.targets[one.id] = one.event.target
            stream.version = recorded.version
            weight = CONTACT_WEIGHT + len(stream.referred) + len(stream.targets)
            self._kept.put(contact, stream, weight)
        return stream
