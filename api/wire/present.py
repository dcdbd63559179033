"""Domain objects as the shapes that clients read. Fields are added, never renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.events import Sealed
from domain.instants import format_instant
from domain.recorded import POLICY_STREAM

if TYPE_CHECKING:
    from uuid import UUID

    from api.wire.marks import Marks
    from domain.profile import Profile
    from domain.recorded import Recorded
    from domain.timeline import PolicyVersion
    from ledger.drafts import Appended, AppendedEvent
    from projections.operations import Operation
    from projections.projections import ProjectionState

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


def appended(result: Appended, contact_id: UUID) -> Shape:
    """What became of an append to one contact."""
    return {
        "contact_id": str(contact_id),
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
            {"contact_id": str(one.contact_id), **_appended_event(one)} for one in result.events
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


def profile(found: Profile) -> Shape:
    """Who a contact is."""
    return {
        "kind": found.kind,
        "name": found.name,
        "time_zone": found.time_zone,
        "refs": [{"source": source, "ref": ref} for source, ref in found.refs],
        "links": [{"other": str(link.other), "relation": link.relation} for link in found.links],
    }


def policy_version(published: PolicyVersion) -> Shape:
    """A version of the policy, without its document."""
    return {
        "policy_version": published.version,
        "name": published.policy.name,
        "effective_from": format_instant(published.effective_from),
        "sha256": published.sha256,
        "position": published.position,
    }


def operation(work: Operation) -> Shape:
    """Long work as it stands now."""
    return {
        "id": str(work.id),
        "kind": work.kind,
        "state": work.state,
        "progress": {
            "done": work.progress.done,
            "total": work.progress.total,
            "rate": work.progress.rate,
            "eta_seconds": work.progress.eta_seconds,
        },
        "result": None if work.result is None else dict(work.result),
        "problem": work.problem,
    }


def projection(state: ProjectionState) -> Shape:
    """How far a projection is, and whether it goes on."""
    return {
        "name": state.name,
        "version": state.version,
        "position": state.position,
        "lag": state.lag,
        "state": state.state,
        "problem": state.problem,
    }
