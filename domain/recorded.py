"""An event as the ledger holds it: the fact, and where, when and by whom it was recorded."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.events import EncryptedValue
from domain.uuids import uuid_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.events import Event

POLICY_STREAM = UUID(int=0)
"""The stream of policies. No contact can have the nil UUID."""


_new, _set = object.__new__, object.__setattr__


class _MadeWhenRead:
    """A field of an event that is made of what is stored when it is first read, and then kept.

    Python asks this only where the event has no such value of its own.
    """

    def __init__(self, name: str, make: Callable[[bytes], object]) -> None:
        self._name = name
        self._packed = f"packed_{name}"
        self._make = make

    def __get__(self, recorded: RecordedEvent | None, _owner: type | None = None) -> Any:
        values = {} if recorded is None else recorded.__dict__
        if self._packed not in values:
            raise AttributeError(self._name)
        packed = values[self._packed]
        made = values[self._name] = None if packed is None else self._make(packed)
        return made


@dataclass(frozen=True, kw_only=True)
class RecordedEvent:
    """One event with its envelope. Instants are microseconds of UTC.

    ``position`` counts from 1 over the ledger and ``version`` from 1 over the stream, both without
    gaps; ``position`` is 0 in an event that is not stored yet. ``is_dated_behind`` says that the
    ledger filled in ``occurred_at`` while its clock lay behind the newest event.

    One that was read from a store holds ``packed_id``, ``packed_actor`` and ``packed_causation_id``
    in place of these fields, and makes each when somebody reads it, which few do.
    """

    contact_id: UUID
    version: int
    position: int
    id: UUID
    occurred_at: int
    recorded_at: int
    source: str | None
    actor: str | EncryptedValue | None
    causation_id: UUID | None
    event: Event
    is_dated_behind: bool = False

    @classmethod
    def create(cls, **envelope: Any) -> RecordedEvent:
        """One of these, with every field given; without the constructor of a frozen dataclass.

        That takes as long as deciding an event.
        """
        recorded = _new(cls)
        _set(recorded, "__dict__", envelope)
        return recorded

    def __getstate__(self) -> dict[str, Any]:
        """Every field, made: a copy and a pickle hold nothing packed."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def is_dated_by_ledger(self) -> bool:
        """Whether nobody need have given ``occurred_at``: it is what the ledger fills in."""
        return self.is_dated_behind or self.occurred_at == self.recorded_at

    @property
    def noted_at(self) -> int:
        """When it was recorded by the clock, as far as is known.

        That is ``recorded_at``, unless the ledger dated the event while its clock was behind.
        """
        return self.occurred_at if self.is_dated_behind else self.recorded_at

    @property
    def type(self) -> str:
        """The stored type, such as ``purchase-made``."""
        return self.event.TYPE

    @property
    def originator_id(self) -> UUID:
        """The stream, by the name that the event store knows it by."""
        return self.contact_id

    @property
    def originator_version(self) -> int:
        """The version, by the name that the event store knows it by."""
        return self.version


for _name, _make in (("id", uuid_of), ("actor", EncryptedValue), ("causation_id", uuid_of)):
    setattr(RecordedEvent, _name, _MadeWhenRead(_name, _make))
