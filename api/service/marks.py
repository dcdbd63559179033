"""Which events a later one retracted or corrected, as far as it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import ReferralReceived
from domain.recorded import POLICY_STREAM

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

MARKING = (EventRetracted.TYPE, EventCorrected.TYPE)


class Marks:
    """The retractions and corrections that touch some events.

    A ``referral-received`` shares those of the ``referral-made`` that caused it.
    """

    def __init__(self, ledger: Ledger, events: Iterable[RecordedEvent]) -> None:
        self._retracted: dict[UUID, UUID] = {}
        corrections: list[tuple[UUID, UUID]] = []
        for stream in {_stream(one) for one in events} - {POLICY_STREAM}:
            for recorded in ledger.stream(stream, types=MARKING):
                if isinstance(recorded.event, EventRetracted):
                    self._retracted[recorded.event.target] = recorded.id
                elif isinstance(recorded.event, EventCorrected):
                    corrections.append((recorded.event.target, recorded.id))
        # Only the last correction that is not retracted itself counts.
        self._corrected = {
            target: correction
            for target, correction in corrections
            if correction not in self._retracted
        }

    def retracted_by(self, recorded: RecordedEvent) -> UUID | None:
        """The retraction of this event."""
        return self._retracted.get(_mark_id(recorded))

    def corrected_by(self, recorded: RecordedEvent) -> UUID | None:
        """The correction of this event."""
        return self._corrected.get(_mark_id(recorded))


def _stream(recorded: RecordedEvent) -> UUID:
    """The stream of the events that mark this event."""
    received = recorded.event
    return received.by if isinstance(received, ReferralReceived) else recorded.contact_id


def _mark_id(recorded: RecordedEvent) -> UUID:
    shared = isinstance(recorded.event, ReferralReceived) and recorded.causation_id
    return shared or recorded.id
