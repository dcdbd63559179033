"""The stage of every contact at a point in both times, judged by one version or by those in force.

A contact is in the answer once something happened to it by the instant that is asked about. Source:
the audit document, "Time".
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from api.service.answers.previews import ReplayedStatus
from api.service.answers.replays import Replayed
from domain.events import STAGES
from domain.events.governance import PersonalDataErased
from domain.history import effective_history
from domain.relationship import fold
from projections.build import naming
from projections.contact_walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from api.service.answers.document import KnownAt
    from api.service.replays.lines import Lines
    from domain.recorded import RecordedEvent
    from domain.relationship import Relationship
    from projections.folding import Moment
    from projections.operations import Work
    from projections.source import EventSource

LOOK_EVENTS = 500
"""After how many events the work reports its progress, and checks whether it was cancelled."""


def replay(
    source: EventSource, moment: Moment, as_known_at: KnownAt, lines: Lines, work: Work
) -> Replayed:
    """Write a line for every contact, in the order of their ids; answers with the account.

    The lines follow from the events up to the moment's position, its instant and its policies, and
    from nothing else. ``as_known_at`` is that position with its instant.

    Raises:
        Cancelled: someone asked for the end.
        Stumbled: the log holds something that cannot be folded.
    """
    stages = dict.fromkeys(STAGES, 0)
    for contact, events in steps(Walk(source, moment.aliases, moment.position), work):
        row = row_of(contact, events, moment)
        if row is not None:
            stages[row.stage] += 1
            lines.write(row)
    return Replayed(
        position=moment.position,
        as_of=moment.at,
        policy_version=judging(moment),
        contacts=lines.count,
        stages=stages,
        digest=lines.digest,
        tzdata=version("tzdata"),
        as_known_at=as_known_at,
        seconds=round(work.seconds(), 3),
    )


def steps(walk: Walk, work: Work) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
    """The walk's contacts, while telling how far it is.

    Raises:
        Cancelled: someone asked for the end.
    """
    told = 0
    work.advance(0, walk.total)
    for contact, events in walk:
        if walk.done - told >= LOOK_EVENTS:
            told = walk.done
            work.advance(told, walk.total)
        yield contact, events
    work.advance(walk.total, walk.total)


def row_of(contact: UUID, events: Sequence[RecordedEvent], moment: Moment) -> ReplayedStatus | None:
    """The stage of a contact at the moment; None where nothing had happened by then."""
    found = relationship_at(contact, events, moment)
    if found is None:
        return None
    with naming(contact, moment):
        return _row(contact, found, events)


def relationship_at(
    contact: UUID, events: Sequence[RecordedEvent], moment: Moment
) -> Relationship | None:
    """What the relationship with a contact is; None where nothing had happened by then."""
    with naming(contact, moment):
        history = effective_history(events, contact)
        found = fold(history, moment.policies, moment.time_zone, moment.at)
        return found if found.intervals else None


def _row(contact: UUID, found: Relationship, events: Sequence[RecordedEvent]) -> ReplayedStatus:
    return ReplayedStatus(
        contact_id=contact,
        stage=found.stage,
        score=found.score,
        since=found.since,
        flags=found.flags,
        policy_version=found.policy_version,
        evidence_erased=any(isinstance(one.event, PersonalDataErased) for one in events),
    )


def judging(moment: Moment) -> int | None:
    """The version that judges the moment's instant; None before any was known."""
    return moment.policies.in_force(moment.at).version if moment.policies.versions else None
