"""Answers about appended and recorded events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rapport_client.answers.labels import Ref


@dataclass(frozen=True, kw_only=True)
class NotAddressed:
    """A ref that is the name of another contact, and did not become an address of this one.

    ``pointer`` is its place in the request.
    """

    pointer: str
    contact_id: UUID


@dataclass(frozen=True, kw_only=True)
class AppendedEvent:
    """Where one event was recorded. ``index`` is its place among the events sent, from 0.

    ``contact_id`` is the contact whose stream has the event. ``counts_for`` is the contact into
    which that one was merged, or None.
    """

    index: int
    id: UUID
    type: str
    contact_id: UUID
    counts_for: UUID | None
    version: int
    position: int
    recorded_at: datetime
    replayed: bool


@dataclass(frozen=True, kw_only=True)
class AppendedEventOfContact(AppendedEvent):
    """Where one event of an append to many contacts was recorded."""

    not_addressed: tuple[NotAddressed, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Appended:
    """The outcome of an append of events of one contact. Events that changed nothing are absent.

    ``replayed`` says that all of them had been recorded before. ``counts_for`` is the contact into
    which this one was merged, or None; ``version`` is the version of this contact in both cases.
    """

    contact_id: UUID
    counts_for: UUID | None
    version: int
    position: int
    replayed: bool
    events: tuple[AppendedEvent, ...]
    not_addressed: tuple[NotAddressed, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class AppendedMany:
    """The outcome of an append of events of many contacts."""

    position: int
    replayed: bool
    events: tuple[AppendedEventOfContact, ...]
    not_addressed: tuple[NotAddressed, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class RecordedEvent:
    """An event as the ledger holds it. ``contact_id`` is None for an event of no contact.

    ``name`` and ``refs`` are there only where ``show`` asked for them.
    """

    id: UUID
    contact_id: UUID | None
    type: str
    version: int
    position: int
    occurred_at: datetime
    recorded_at: datetime
    source: str | None
    actor: str | None
    causation_id: UUID | None
    data: dict[str, Any]
    retracted_by: UUID | None
    corrected_by: UUID | None
    name: str | None = None
    refs: tuple[Ref, ...] | None = None
