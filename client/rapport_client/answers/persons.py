"""Answers about everything that is held about a person, and about an erasure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rapport_client.answers.contacts import Consent, Registration
from rapport_client.answers.events import RecordedEvent
from rapport_client.answers.standings import Standing
from rapport_client.answers.statuses import Interval, Status


@dataclass(frozen=True, kw_only=True)
class ErasedContact:
    """One contact that the person was, and the event that records its erasure."""

    contact_id: UUID
    event: UUID
    position: int
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that was done or that remains: a code for programs, a sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Erased:
    """The effects of an erasure, and its limits."""

    contact_id: UUID
    contacts: tuple[ErasedContact, ...]
    position: int
    done: tuple[Notice, ...]
    remains: tuple[Notice, ...]


@dataclass(frozen=True, kw_only=True)
class Noted:
    """The notes about a person, each as the fields of its event."""

    profile: tuple[dict[str, Any], ...]
    preferences: tuple[dict[str, Any], ...]
    occasions: tuple[dict[str, Any], ...]
    open_promises: tuple[dict[str, Any], ...]
    open_complaints: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Everything that is held about a person, readable: give it to nobody else.

    ``contacts`` are all contacts that were merged into one, ``events`` are theirs, and ``named_by``
    are the events of other contacts that name the person.
    """

    contact_id: UUID
    ledger: str
    exported_at: datetime
    position: int
    erased: bool
    contacts: tuple[UUID, ...]
    registration: Registration
    consents: tuple[Consent, ...]
    noted: Noted
    status: Status
    history: tuple[Interval, ...]
    standing: Standing
    events: tuple[RecordedEvent, ...]
    named_by: tuple[RecordedEvent, ...]
