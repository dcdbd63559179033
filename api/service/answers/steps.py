"""One contact's past, an instant at a time: a line of ``rapport replay --step --json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from uuid import UUID

from api.service.answers.document import Document, Instant, Position, Stage
from api.service.answers.status import Cause, Values

if TYPE_CHECKING:
    from api.service.replays import steps


class Exclusion(Document):
    """Why an event does not count, and the event that excludes it, if there is one."""

    reason: str
    by: UUID | None


class StepEvent(Document):
    """An event at its place; ``corrected_by`` is the correction by which it stands there."""

    id: UUID
    contact_id: UUID
    type: str
    position: Position
    occurred_at: Instant
    recorded_at: Instant
    corrected_by: UUID | None
    excluded: Exclusion | None

    @classmethod
    def of(cls, came: steps.Came) -> Self:
        """An event that came at a step."""
        recorded = came.recorded
        return cls(
            id=recorded.id,
            contact_id=recorded.contact_id,
            type=recorded.type,
            position=recorded.position,
            occurred_at=recorded.occurred_at,
            recorded_at=recorded.recorded_at,
            corrected_by=came.corrected_by,
            excluded=None if came.exclusion is None else Exclusion.model_validate(came.exclusion),
        )


class StepSignal(Document):
    """A signal that reads otherwise than before; ``value_before`` is null where it was not read."""

    name: str
    on: bool
    points: int
    value: Values
    on_before: bool
    points_before: int
    value_before: Values | None

    @classmethod
    def of(cls, became: steps.Became) -> Self:
        """A signal before and after a step."""
        before, after = became.before, became.after
        return cls(
            name=became.name,
            on=after.on,
            points=after.points,
            value=dict(after.value),
            on_before=before is not None and before.on,
            points_before=before.points if before else 0,
            value_before=None if before is None else dict(before.value),
        )


class Step(Document):
    """One instant: the events of it, none at a breakpoint, and what they did.

    ``cause`` and ``policy_version`` are null where nothing of it counts. ``stage_before`` is null
    before the first stage; ``underlying`` is the stage by the rules, under any override.
    """

    at: Instant
    cause: Cause | None
    events: tuple[StepEvent, ...]
    signals: tuple[StepSignal, ...]
    score_before: int
    score: int
    stage_before: Stage | None
    stage: Stage | None
    underlying_before: Stage | None
    underlying: Stage
    policy_version: int | None

    @classmethod
    def of(cls, step: steps.Step) -> Self:
        """A step of a walk."""
        return cls(
            at=step.at,
            cause=step.cause and Cause.model_validate(step.cause),
            events=tuple(StepEvent.of(one) for one in step.came),
            signals=tuple(StepSignal.of(one) for one in step.signals),
            score_before=step.score_before,
            score=step.score,
            stage_before=step.stage_before,
            stage=step.stage,
            underlying_before=step.underlying_before,
            underlying=step.underlying,
            policy_version=step.policy_version,
        )
