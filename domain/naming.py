"""Who is named on the streams of others: by an event itself, or by one that follows it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import CATALOGUE
from domain.events.governance import EventCorrected
from domain.events.referrals import (
    ReferralClosed,
    ReferralLevelRaised,
    ReferralMade,
    ReferralQualified,
)
from domain.kinds import ContactId

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from uuid import UUID

    from domain.recorded import RecordedEvent

_NAMING: dict[type, list[str]] = {
    kind: names
    for kind in CATALOGUE.values()
    if (names := [field.name for field in kind.FIELDS if isinstance(field.kind, ContactId)])
}
"""The fields of each event class that hold a contact."""

_FOLLOWING = (ReferralLevelRaised, ReferralQualified, ReferralClosed)

TYPES = tuple(
    name
    for name, kind in CATALOGUE.items()
    if kind in _NAMING or issubclass(kind, (*_FOLLOWING, EventCorrected))
)
"""The types of events that can be about somebody else."""


def naming(events: Iterable[RecordedEvent], contacts: Collection[UUID]) -> Iterator[RecordedEvent]:
    """Those of ``events``, in the order of the log, on others' streams that are about ``contacts``.

    The outcome of a referral is about the referred contact, though it names only the referral.
    """
    referrals: set[tuple[UUID, str]] = set()
    for recorded in events:
        if recorded.contact_id in contacts:
            continue
        event = recorded.event
        if isinstance(event, _FOLLOWING):
            if (recorded.contact_id, event.referral_id) in referrals:
                yield recorded
            continue
        told = event.data if isinstance(event, EventCorrected) else event
        if any(getattr(told, name) in contacts for name in _NAMING.get(type(told), ())):
            if isinstance(told, ReferralMade):
                referrals.add((recorded.contact_id, told.referral_id))
            yield recorded
