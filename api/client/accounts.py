"""What the ledger answers about all of it, about its log, and about all it holds of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  # fields are read by their types
from typing import Any
from uuid import UUID  # noqa: TC003  # fields are read by their types

from api.client.answers import (  # noqa: TC001  # fields are read by their types
    Interval,
    KnownAt,
    RecordedEvent,
    Status,
)

RUNNING = "running"


@dataclass(frozen=True, kw_only=True)
class StatusRow:
    """Where one of many contacts stands."""

    contact_id: UUID
    stage: str
    score: int
    since: datetime | None
    flags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FoundContact:
    """One of the contacts that were looked for; ``name`` is None where it was erased."""

    contact_id: UUID
    name: str | None
    stage: str
    score: int
    since: datetime | None
    flags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a contact stands as a referral partner: counts of ``referrals``, and who owes whom."""

    contact_id: UUID
    as_of: datetime
    as_known_at: KnownAt
    policy_version: int
    standing: str
    influence: int
    referrals: dict[str, int]
    reciprocity: dict[str, Any]
    events: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class StandingRow:
    """How one of many contacts stands as a referral partner."""

    contact_id: UUID
    standing: str
    influence: int
    we_owe: bool
    they_owe: bool


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A version of the policy that was published; ``position`` is that of the event."""

    policy_version: int
    name: str
    effective_from: datetime
    sha256: str
    position: int


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How many contacts are in each stage, and how often silence was judged too early."""

    position: int
    as_of: datetime
    stages: dict[str, int]
    silence_demotions: int | None
    premature_demotions: int | None


@dataclass(frozen=True, kw_only=True)
class Restatement:
    """A stage that had been believed from one instant to another, until an event said otherwise.

    ``event`` stands at ``position``.
    """

    contact_id: UUID
    from_: datetime
    to: datetime
    believed: str
    known: str
    event: UUID
    position: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an operation is. ``rate`` is per second; nobody may be able to tell ``eta_seconds``.

    Of what it counts, ``done`` of ``total`` is behind it: events, mostly.
    """

    done: int
    total: int
    rate: int
    eta_seconds: int | None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Long work as it stood when it was asked for; ``result`` is its account in the end.

    ``state`` is running, succeeded, failed or cancelled; ``problem`` says why it failed.
    """

    id: UUID
    kind: str
    state: str
    progress: Progress
    result: dict[str, Any] | None
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class ReplayedStatus:
    """Where a contact stood, or was believed to stand: a line of a replay."""

    contact_id: UUID
    stage: str
    score: int
    since: datetime | None
    flags: tuple[str, ...]
    policy_version: int
    evidence_erased: bool


@dataclass(frozen=True, kw_only=True)
class PreviewedChange:
    """A contact whose stage a policy would make another: a line of a preview.

    ``score``, ``since`` and ``first_client_at`` have a ``before`` and an ``after``, as have each of
    the ``signals`` that differ, and ``silence``, which is None where it is the same.
    """

    contact_id: UUID
    from_: str
    to: str
    at: datetime
    score: dict[str, int]
    since: dict[str, str | None]
    first_client_at: dict[str, str | None]
    signals: tuple[dict[str, Any], ...]
    silence: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class InclusionProof:
    """The hashes beside the way from an event's leaf to the root, from the leaf up."""

    leaf_index: int
    tree_size: int
    leaf_hash: bytes
    root_hash: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class ConsistencyProof:
    """The hashes that lead to the roots of both trees, of ``first`` and of ``second`` events."""

    first: int
    second: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class ErasedContact:
    """One contact that the person was, and the event that says that it is erased."""

    contact_id: UUID
    event: UUID
    position: int
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class Said:
    """Something that was done or that remains: a code for programs, a sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What an erasure did, and what it cannot do."""

    contact_id: UUID
    contacts: tuple[ErasedContact, ...]
    position: int
    done: tuple[Said, ...]
    remains: tuple[Said, ...]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Everything that is held about a person, in clear: hand it to nobody else.

    ``contacts`` are all that the person was before merges; ``events`` are theirs.
    """

    contact_id: UUID
    ledger: str
    exported_at: datetime
    position: int
    erased: bool
    contacts: tuple[UUID, ...]
    registration: dict[str, Any]
    consents: tuple[dict[str, Any], ...]
    noted: dict[str, Any]
    status: Status
    history: tuple[Interval, ...]
    standing: dict[str, Any]
    events: tuple[RecordedEvent, ...]
