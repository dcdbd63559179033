"""Stages, their evidence and history, and standings, as the shapes that clients read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

from api.wire.present import Shape, identity, instant
from domain.explanation import explain, explain_interval
from domain.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from api.knowledge import Question, Subject
    from domain.relationship import Exclusion, Interval, Relationship, SignalReading
    from domain.standing import Standing


class Asked(Protocol):
    """What an answer repeats of its question, whether a ledger answers or a receipt."""

    @property
    def as_of(self) -> int:
        """The instant in the world's time."""

    @property
    def as_known_at(self) -> Mapping[str, object]:
        """The place in the ledger, as clients read it."""


def status(
    question: Asked, subject: Subject, found: Relationship, *, explained: bool = False
) -> Shape:
    """A stage with its evidence; ``explained`` in sentences too.

    Routes, receipts and whoever checks one build it here.
    """
    told = {"explanation": " ".join(explain(found, erased=subject.erased))} if explained else {}
    return {**asked(subject.contact_id, question), **said(subject, found), **told}


def asked(contact_id: UUID, question: Asked) -> Shape:
    """What a status repeats of its question."""
    return {
        "contact_id": str(contact_id),
        "as_of": format_instant(question.as_of),
        "as_known_at": question.as_known_at,
    }


def said(subject: Subject, found: Relationship) -> Shape:
    """What a status answers, the same for every instant while the relationship ``holds_until``."""
    will_change = found.will_change()
    return {
        "policy_version": found.policy_version,
        "rests_on": found.rests_on,
        "stage": found.stage,
        "score": found.score,
        "since": instant(found.since),
        "flags": list(found.flags),
        "legal_capacity": [
            {"engagement_id": one.engagement_id, "role": one.role, "capacity": one.capacity}
            for one in found.engagements()
        ],
        "signals": [signal(one) for one in found.signals()],
        "excluded": [_exclusion(one) for one in found.excluded()],
        "would_change": [
            {"change": one.change, "points": one.points, "stage": one.stage}
            for one in found.would_change()
        ],
        "will_change": will_change
        and {
            "at": format_instant(will_change.at),
            "stage": will_change.stage,
            "because": will_change.because,
        },
        "evidence_erased": subject.erased,
    }


def history(
    question: Question, subject: Subject, found: Relationship, *, explained: bool = False
) -> Shape:
    """The stages over time; each ``explained`` in a sentence too."""
    intervals = [_interval(one) for one in found.intervals]
    if explained:
        for shown, interval in zip(intervals, found.intervals, strict=True):
            shown["explanation"] = explain_interval(interval, found.machine.time_zone)
    return {
        "contact_id": str(subject.contact_id),
        "as_of": format_instant(question.as_of),
        "as_known_at": question.as_known_at,
        "intervals": intervals,
        "evidence_erased": subject.erased,
    }


def standing(question: Question, found: Standing, subject: Subject) -> Shape:
    """How a contact stands as a referral partner."""
    return {
        "contact_id": str(subject.contact_id),
        "as_of": format_instant(question.as_of),
        "as_known_at": question.as_known_at,
        "policy_version": question.policies.in_force(question.as_of).version,
        "standing": found.standing,
        "influence": found.influence,
        "referrals": asdict(found.referrals),
        "reciprocity": asdict(found.reciprocity),
        "events": [str(one) for one in found.events],
    }


def signal(reading: SignalReading) -> Shape:
    """A signal with what it measures and the events behind it."""
    return {
        "name": reading.name,
        "on": reading.on,
        "points": reading.points,
        "anchor": reading.anchor,
        "value": shown_values(reading.value),
        "threshold": shown_values(reading.threshold),
        "events": [str(one) for one in reading.events],
    }


def shown_values(values: Mapping[str, object]) -> Shape:
    """What a signal measures; instants, which end in ``_at``, as clients read them."""
    return {
        name: format_instant(value) if name.endswith("_at") and isinstance(value, int) else value
        for name, value in values.items()
    }


def _exclusion(exclusion: Exclusion) -> Shape:
    return {
        "event": str(exclusion.event_id),
        "reason": exclusion.reason,
        "by": identity(exclusion.by),
    }


def _interval(interval: Interval) -> Shape:
    cause = interval.cause
    return {
        "from": format_instant(interval.from_at),
        "to": instant(interval.to_at),
        "stage": interval.stage,
        "score": interval.score,
        "policy_version": interval.policy_version,
        "cause": {"kind": cause.kind, "name": cause.name, "event": identity(cause.event)},
    }
