"""What an answer rests on: which events a receipt holds, and what they cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.answers.receipts import LOG_REPLAY, Completeness, ProvenStream
from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import ReferralReceived
from domain.recorded import POLICY_STREAM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent


def rests_on(group: Iterable[RecordedEvent], members: Sequence[UUID]) -> list[RecordedEvent]:
    """The events of a group that its history is made of, by position.

    These are the members' whole streams, and of those of their referrers only what retracts or
    corrects a referral shared with them: the rest is about others.
    """
    own: list[RecordedEvent] = []
    retractions: list[RecordedEvent] = []
    corrections: list[RecordedEvent] = []
    mine = set(members)
    for recorded in group:
        if recorded.contact_id in mine:
            own.append(recorded)
        elif isinstance(recorded.event, EventRetracted):
            retractions.append(recorded)
        elif isinstance(recorded.event, EventCorrected):
            corrections.append(recorded)
    shared = {one.causation_id for one in own if isinstance(one.event, ReferralReceived)}
    corrections = [one for one in corrections if _target(one) in shared]
    shared |= {one.id for one in corrections}
    retractions = [one for one in retractions if _target(one) in shared]
    return sorted((*own, *corrections, *retractions), key=lambda one: one.position)


def _target(recorded: RecordedEvent) -> UUID:
    assert isinstance(recorded.event, EventRetracted | EventCorrected)
    return recorded.event.target


def completeness(
    events: Sequence[RecordedEvent],
    members: Sequence[UUID],
    newest_policy: int,
    *,
    in_ledger_time_zone: bool,
) -> Completeness:
    """What a receipt of these events says of its own limits.

    Versions of a ``gapless`` stream are shown from 1 to ``newest_version``; of the stream of a
    referrer only single events are.
    """
    newest: dict[UUID, int] = {}
    for recorded in events:
        newest[recorded.contact_id] = max(newest.get(recorded.contact_id, 0), recorded.version)
    streams = [
        ProvenStream(
            stream=member,
            role="merged" if place else "contact",
            newest_version=newest.pop(member),
            gapless=True,
        )
        for place, member in enumerate(members)
        if member in newest
    ]
    streams += [
        ProvenStream(stream=one, role="referrer", newest_version=newest[one], gapless=False)
        for one in sorted(newest)
    ]
    streams.append(
        ProvenStream(
            stream=POLICY_STREAM, role="policies", newest_version=newest_policy, gapless=True
        )
    )
    not_proven = ["newest-version", "other-merges"]
    if any(isinstance(one.event, ReferralReceived) for one in events):
        not_proven.append("referrers-corrections")
    if in_ledger_time_zone:
        not_proven.append("ledger-time-zone")
    return Completeness(
        streams=tuple(streams), newest_is_proven_by=LOG_REPLAY, not_proven=tuple(not_proven)
    )


class Shelf:
    """The events of a receipt, read by contact as a ledger's are."""

    def __init__(self, events: Iterable[RecordedEvent]) -> None:
        self._streams: dict[UUID, list[RecordedEvent]] = {}
        for recorded in events:
            self._streams.setdefault(recorded.contact_id, []).append(recorded)

    def stream(
        self, contact_id: UUID, *, types: Sequence[str] = (), upto: int | None = None
    ) -> list[RecordedEvent]:
        """One contact's events up to and including position ``upto``, in order."""
        return [
            one
            for one in self._streams.get(contact_id, ())
            if (upto is None or one.position <= upto) and (not types or one.type in types)
        ]
