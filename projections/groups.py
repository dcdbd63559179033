"""What must be read to know a contact: the streams of all contacts that are one with it.

A contact's history is that of its survivor, made of the survivor's stream and of those merged into
it. Source: the domain document, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.aliases import MERGE_TYPES, merge_of
from domain.events.contacts import ContactRegistered
from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import ReferralReceived

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from domain.aliases import Aliases, Merge
    from domain.recorded import RecordedEvent
    from projections.source import EventSource, StreamSource

FATE_TYPES = (EventRetracted.TYPE, EventCorrected.TYPE)

_PAGE = 1000


def read_merges(source: EventSource, *, after: int = 0, upto: int) -> Iterator[Merge]:
    """Every merge and un-merge with ``after`` < position <= ``upto``, in order."""
    while after < upto:
        page = source.log(after=after, limit=_PAGE, types=MERGE_TYPES, decrypt=False, upto=upto)
        for recorded in page:
            if (merge := merge_of(recorded)) is not None:
                yield merge
        if len(page) < _PAGE:
            return
        after = page[-1].position


def read_group(
    source: StreamSource, survivor: UUID, aliases: Aliases, upto: int
) -> list[RecordedEvent]:
    """The events of a survivor up to ``upto``, encrypted, the survivor's own stream first.

    None where nobody registered it: see ``known_of``.
    """
    events: list[RecordedEvent] = []
    for member in aliases.members(survivor):
        events += source.stream(member, upto=upto)
    return complete_group(source, survivor, aliases, upto, events)


def complete_group(
    source: StreamSource, survivor: UUID, aliases: Aliases, upto: int, streams: list[RecordedEvent]
) -> list[RecordedEvent]:
    """The group's streams with the retractions and corrections that stand on its referrers'.

    None where nobody registered the contact: see ``known_of``.

    A ``referral-received`` shares the fate of its ``referral-made``, which stands on the stream
    that it names, or of the survivor of that contact.
    """
    streams = known_of(streams)
    referrers = {one.event.by for one in streams if isinstance(one.event, ReferralReceived)}
    if not referrers:
        return streams
    events = list(streams)
    for referrer in sorted(referrers.difference(aliases.members(survivor))):
        events += source.stream(referrer, types=FATE_TYPES, upto=upto)
    return events


def known_of(events: list[RecordedEvent]) -> list[RecordedEvent]:
    """The events of a group, or none where none of its names was registered.

    A name can have been an address, and taken events for a contact, before that merge was undone.
    What was sent to it stays on its stream, and nothing is known of it until it is registered or
    merged again.
    """
    is_registered = any(isinstance(one.event, ContactRegistered) for one in events)
    return events if is_registered else []
