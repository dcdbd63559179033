"""Answers about long operations: replays, previews and rebuilds, and what they found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rapport_client.answers.statuses import KnownAt


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an operation is: ``done`` of ``total``, mostly events; ``rate`` is per second.

    ``eta_seconds`` is None while it cannot be estimated.
    """

    done: int
    total: int
    rate: int
    eta_seconds: int | None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A long operation when it was read.

    ``kind`` is replay, preview, fit, valuation, rebuild, import or undo.

    ``state`` is running, succeeded, failed or cancelled; ``problem`` says why it failed.
    """

    id: UUID
    kind: str
    state: str
    progress: Progress
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """The result of a replay. ``digest`` is the SHA-256 of its lines, in hex."""

    position: int
    as_of: datetime
    as_known_at: KnownAt
    policy_version: int | None
    contacts: int
    stages: dict[str, int]
    digest: str
    tzdata: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ReplayOperation(Operation):
    """A replay. ``result`` is None until it succeeded."""

    result: Replayed | None


@dataclass(frozen=True, kw_only=True)
class Abstention:
    """A number of the policy that the ledger's history does not decide, and why."""

    field: str
    because: str


@dataclass(frozen=True, kw_only=True)
class HoldOut:
    """The wait fitted on the first part of the time, and how its falls did in the rest.

    ``demote_after_days`` is None where the first part says too little.
    """

    at_percent: int
    demote_after_days: int | None
    falls: int
    bought: int
    resolved: int
    percent: int | None


@dataclass(frozen=True, kw_only=True)
class FitResult:
    """The result of a fit. ``policy`` can be previewed and published; numbers may be None."""

    position: int
    as_of: datetime
    policy: dict[str, Any]
    demote_after_days: int | None
    purchase_days: int | None
    abstained: tuple[Abstention, ...]
    hold_out: tuple[HoldOut, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class FitOperation(Operation):
    """A fit of a policy. ``result`` is None until it succeeded."""

    result: FitResult | None


@dataclass(frozen=True, kw_only=True)
class FromTo:
    """The number of contacts that would go from one stage to another."""

    from_: str
    to: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A value of the policy that differs; ``pointer`` is its place in the document."""

    pointer: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True)
class ProposedPolicy:
    """The policy that was previewed and its differences from the one it is compared with."""

    name: str
    sha256: str
    differs: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True)
class StagesBeforeAndAfter:
    """The number of contacts in each stage, under the published policies and the proposed one."""

    before: dict[str, int]
    after: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class RevenueBeforeAndAfter:
    """Revenue by stage in minor units of ``currency``, under the same two."""

    currency: str
    before: dict[str, int]
    after: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Previewed:
    """The result of a preview. ``digest`` is the SHA-256 of its lines, in hex."""

    changes: int
    from_to: tuple[FromTo, ...]
    digest: str
    position: int
    from_: datetime | None
    to: datetime
    effective_from: datetime | None
    compared_with: int | None
    policy: ProposedPolicy
    contacts: int
    stages: StagesBeforeAndAfter
    revenue: tuple[RevenueBeforeAndAfter, ...]
    tzdata: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class PreviewOperation(Operation):
    """A preview. ``result`` is None until it succeeded."""

    result: Previewed | None


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """The result of a rebuild. ``drift`` has the first differences from the live projection."""

    projection: str
    position: int
    events: int
    seconds: float
    digest: str
    live_digest: str | None
    drift: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class RebuildOperation(Operation):
    """A rebuild of a projection. ``result`` is None until it succeeded."""

    result: Rebuilt | None


@dataclass(frozen=True, kw_only=True)
class RestingEvent:
    """An event that stands, and the retracted one that opened what it speaks of."""

    contact_id: UUID
    event_id: UUID
    type: str
    rests_on: UUID


@dataclass(frozen=True, kw_only=True)
class UndoneImport:
    """The result of undoing an import; see the description of ``POST .../undo``."""

    id: UUID
    events: int
    retracted: int
    already_retracted: int
    kept: dict[str, int]
    contacts_left: int
    contacts: tuple[UUID, ...]
    resting_events: int
    resting: tuple[RestingEvent, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class UndoOperation(Operation):
    """Undoing an import. ``result`` is None until it succeeded."""

    result: UndoneImport | None


BY_KIND: dict[str, type[Operation]] = {
    "replay": ReplayOperation,
    "preview": PreviewOperation,
    "rebuild": RebuildOperation,
    "fit": FitOperation,
    "undo": UndoOperation,
}


@dataclass(frozen=True, kw_only=True)
class ReplayedStatus:
    """The stage of one contact: a line of a replay."""

    contact_id: UUID
    stage: str
    score: int
    since: datetime | None
    flags: tuple[str, ...]
    policy_version: int
    evidence_erased: bool
