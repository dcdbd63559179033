"""Domain objects as the shapes that clients read. Fields are added, never renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.events import Sealed
from domain.instants import format_instant
from domain.recorded import POLICY_STREAM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from api.wire.marks import Marks
    from domain.profile import Profile
    from domain.recorded import Recorded
    from ledger.drafts import Appended, AppendedEvent

Shape = dict[str, Any]


def instant(at: int | None) -> str | None:
    """An instant as clients read it, null where there is none."""
    return None if at is None else format_instant(at)


def identity(one: UUID | None) -> str | None:
    """An id as clients read it, null where there is none."""
    return None if one is None else str(one)


def event(recorded: Recorded, marks: Marks) -> Shape:
    """One event with its envelope, marked where a later event retracted or corrected it."""
    actor = recorded.actor
    return {
        "id": str(recorded.id),
        "contact_id": None if recorded.contact_id == POLICY_STREAM else str(recorded.contact_id),
        "type": recorded.type,
        "version": recorded.version,
        "position": recorded.position,
        "occurred_at": format_instant(recorded.occurred_at),
        "recorded_at": format_instant(recorded.recorded_at),
        "source": recorded.source,
        "actor": None if isinstance(actor, Sealed) else actor,
        "causation_id": identity(recorded.causation_id),
        "data": recorded.event.show(),
        "retracted_by": identity(marks.retracted_by(recorded)),
        "corrected_by": identity(marks.corrected_by(recorded)),
    }


def appended(result: Appended) -> Shape:
    """What became of an append to one contact."""
    return {
        "contact_id": str(result.contact_id),
        "counts_for": identity(result.counts_for),
        "version": result.version,
        "position": result.position,
        "replayed": result.replayed,
        "events": [_appended_event(one) for one in result.events],
    }


def appended_many(result: Appended) -> Shape:
    """What became of an append to many contacts."""
    return {
        "position": result.position,
        "replayed": result.replayed,
        "events": [
            {
                "contact_id": str(one.contact_id),
                "counts_for": identity(result.survivors.get(one.contact_id)),
                **_appended_event(one),
            }
            for one in result.events
        ],
    }


def _appended_event(one: AppendedEvent) -> Shape:
    return {
        "index": one.index,
        "id": str(one.id),
        "type": one.type,
        "version": one.version,
        "position": one.position,
        "recorded_at": format_instant(one.recorded_at),
        "replayed": one.replayed,
    }


def streams(versions: Mapping[UUID, int]) -> list[Shape]:
    """The streams that are one contact, each with its version."""
    return [{"contact_id": str(one), "version": version} for one, version in versions.items()]


def profile(found: Profile) -> Shape:
    """Who a contact is."""
    return {
        "kind": found.kind,
        "name": found.name,
        "time_zone": found.time_zone,
        "refs": [{"source": source, "ref": ref} for source, ref in found.refs],
        "links": [{"other": str(link.other), "relation": link.relation} for link in found.links],
    }
