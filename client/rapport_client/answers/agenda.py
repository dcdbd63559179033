"""Answers about what is to be done for contacts, and how well they were thanked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapport_client.answers.labels import Ref


@dataclass(frozen=True, kw_only=True)
class AgendaItem:
    """One thing to do. ``stream`` is the contact to append to, once it is done."""

    key: str
    kind: str
    contact_id: UUID
    stream: UUID
    opens_at: datetime
    due_at: datetime
    gone_at: datetime | None
    state: str
    reason: str
    events: tuple[UUID, ...]
    cleared_by: tuple[str, ...]
    subject: str | None
    amount_minor: int | None
    currency: str | None
    steward: str | None
    name: str | None = None
    refs: tuple[Ref, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class AgendaCount:
    """The number of items of a kind in a state."""

    kind: str
    state: str
    count: int


@dataclass(frozen=True, kw_only=True)
class AgendaSummary:
    """The number of items on a day, such as 2026-03-03, by kind and state."""

    on: str
    counts: tuple[AgendaCount, ...]


@dataclass(frozen=True, kw_only=True)
class GratitudeMonth:
    """The thanks that became owed in a month, such as 2026-03, and what became of them."""

    owed: int
    in_time: int
    late: int
    missed: int
    open: int
    median_hours: int | None
    month: str


@dataclass(frozen=True, kw_only=True)
class GratitudeContact:
    """The thanks that became owed to a contact, and what became of them."""

    owed: int
    in_time: int
    late: int
    missed: int
    open: int
    median_hours: int | None
    contact_id: UUID
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Gratitude:
    """How well thanks were given: by month, oldest first, and by contact, most missed first."""

    months: tuple[GratitudeMonth, ...]
    contacts: tuple[GratitudeContact, ...]
