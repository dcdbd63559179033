"""What replays and previews come to: the result of their operations."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.service.answers.document import Document, Instant, KnownAt, Position
from api.service.answers.lists import StageCounts
from api.service.answers.projections import Operation


class Rebuilt(Document):
    """What a rebuild came to; ``drift`` names the first differences from the live projection."""

    projection: str
    position: Position
    events: int
    seconds: float
    digest: str
    live_digest: str | None
    drift: tuple[Any, ...]


class Replayed(Document):
    """The result of a replay; ``digest`` is the SHA-256 of its lines."""

    position: Position
    as_of: Instant
    policy_version: int | None
    contacts: int
    stages: StageCounts
    digest: str
    tzdata: str
    as_known_at: KnownAt
    seconds: float


class FromTo(Document):
    """The number of contacts that would have another stage."""

    from_: str = Field(alias="from")
    to: str
    count: int


class Difference(Document):
    """A number of the policy that differs."""

    pointer: str
    before: Any
    after: Any


class ProposedPolicy(Document):
    """A policy that is not published, and how it differs from the one it is compared with."""

    name: str
    sha256: str
    differs: tuple[Difference, ...]


class StagesBeforeAndAfter(Document):
    """Contacts by stage, under the policies in force and under the proposed one."""

    before: StageCounts
    after: StageCounts


class RevenueBeforeAndAfter(Document):
    """Revenue in minor units by stage, under the policies in force and the proposed one."""

    currency: str
    before: StageCounts
    after: StageCounts


class Previewed(Document):
    """The result of a preview; ``digest`` is the SHA-256 of its lines."""

    changes: int
    from_to: tuple[FromTo, ...]
    digest: str
    position: Position
    from_: Instant | None = Field(alias="from")
    to: Instant
    effective_from: Instant | None
    compared_with: int | None
    policy: ProposedPolicy
    contacts: int
    stages: StagesBeforeAndAfter
    revenue: tuple[RevenueBeforeAndAfter, ...]
    tzdata: str
    seconds: float


class ReplayOperation(Operation):
    """A replay as it is now."""

    result: Replayed | None  # type: ignore[assignment]  # narrower than an operation of any kind


class PreviewOperation(Operation):
    """A preview as it is now."""

    result: Previewed | None  # type: ignore[assignment]  # narrower than an operation of any kind
