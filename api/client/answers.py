"""What the ledger answers, as values. Fields that a newer server adds are passed over."""

from __future__ import annotations

import types
from base64 import b64decode
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class AppendedEvent:
    """Where one event stands. ``index`` is its place among those sent.

    ``contact_id`` is the stream; ``counts_for`` is the contact that it was merged into, or None.
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
class Appended:
    """What became of events of one contact; those that were already so are absent.

    ``replayed`` says that all were recorded before; ``counts_for`` is the contact that this one was
    merged into, or None, and ``version`` the contact's own in either case.
    """

    contact_id: UUID
    counts_for: UUID | None
    version: int
    position: int
    replayed: bool
    events: tuple[AppendedEvent, ...]


@dataclass(frozen=True, kw_only=True)
class AppendedMany:
    """What became of events of many contacts."""

    position: int
    replayed: bool
    events: tuple[AppendedEvent, ...]


@dataclass(frozen=True, kw_only=True)
class RecordedEvent:
    """An event as it stands in the ledger; ``contact_id`` is None where it is of no contact."""

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


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One of the streams that are a contact, and its version."""

    contact_id: UUID
    version: int


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who a contact is, and where it stands.

    ``streams`` are those whose events count here: the contact's own, which ``version`` is of, then
    those of the contacts that were merged into it.
    """

    contact_id: UUID
    kind: str
    name: str | None
    time_zone: str | None
    refs: tuple[dict[str, str], ...]
    links: tuple[dict[str, str], ...]
    version: int
    streams: tuple[Stream, ...]
    stage: str
    score: int
    flags: tuple[str, ...]
    standing: str
    position: int


@dataclass(frozen=True, kw_only=True)
class KnownAt:
    """What of the log an answer rests on."""

    position: int
    recorded_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One signal: whether it is on, what it adds, and the events that say so."""

    name: str
    on: bool
    points: int
    anchor: bool
    value: dict[str, Any]
    threshold: dict[str, Any]
    events: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """An event that does not count, and why."""

    event: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class WouldChange:
    """What one thing more would do."""

    change: str
    points: int
    stage: str


@dataclass(frozen=True, kw_only=True)
class WillChange:
    """What will happen if nothing does."""

    at: datetime
    stage: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """A contact's stage with its evidence."""

    contact_id: UUID
    as_of: datetime
    as_known_at: KnownAt
    policy_version: int
    stage: str
    score: int
    since: datetime | None
    flags: tuple[str, ...]
    signals: tuple[Signal, ...]
    excluded: tuple[Exclusion, ...]
    would_change: tuple[WouldChange, ...]
    will_change: WillChange | None
    evidence_erased: bool


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What made a stage begin."""

    kind: str
    name: str
    event: UUID | None


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A stage from one instant to another, or to no end yet."""

    from_: datetime
    to: datetime | None
    stage: str
    score: int
    policy_version: int
    cause: Cause


def read(cls: type[T], document: Mapping[str, Any]) -> T:
    """The answer that a document holds."""
    return cls(**{name: how(document[key]) for name, key, how in _fields(cls)})  # type: ignore[arg-type]  # a class is hashable


@cache
def _fields(cls: type) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
    """Of each field its name, its name in documents, and how it is read."""
    hints = get_type_hints(cls)
    return tuple((one.name, one.name.rstrip("_"), _reader(hints[one.name])) for one in fields(cls))


def _reader(hint: Any) -> Callable[[Any], Any]:
    if hint is UUID:
        return UUID
    if hint is datetime:
        return datetime.fromisoformat
    if hint is bytes:
        return b64decode
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: read(hint, value)
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda values: tuple(item(value) for value in values)
    if get_origin(hint) is types.UnionType:
        there = _reader(get_args(hint)[0])
        return lambda value: None if value is None else there(value)
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
