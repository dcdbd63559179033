"""Whether a draft says the same as an event that is recorded already.

Source: the HTTP contract, "Idempotency".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.addresses import TELLING, without_own_ref
from domain.errors import EventIdReused, Invalid
from domain.events import EncryptedValue, Event
from domain.events.base import ACTOR, SOURCE
from domain.imports import without_import

if TYPE_CHECKING:
    from uuid import UUID

    from domain.kinds import ContactNames, Kind
    from domain.recorded import RecordedEvent
    from ledger.drafts import Draft


def check_same(draft: Draft, recorded: RecordedEvent, names: ContactNames) -> None:
    """Accept a repetition; ``recorded`` is decrypted, or erased.

    An absent ``occurred_at`` equals one that the ledger filled in. Erased values are left out of
    the comparison, because nobody can tell any more. Texts are compared by the rule of their kind
    on both sides: what is stored may be older than the rule.

    Raises:
        EventIdReused: the draft says something else, or cannot be read any more.
    """
    if draft.event is None or not (
        _same_envelope(draft, recorded) and _same_data(draft.event, recorded, names)
    ):
        raise reuse_error(recorded)


def reuse_error(recorded: RecordedEvent) -> EventIdReused:
    """The error that names where the id stands; nowhere yet within one request."""
    return EventIdReused(recorded.id, recorded.position or None)


def _same_envelope(draft: Draft, recorded: RecordedEvent) -> bool:
    if draft.occurred_at is None:
        same_instant = recorded.is_dated_by_ledger
    else:
        same_instant = draft.occurred_at == recorded.occurred_at
    return (
        draft.contact_id == recorded.contact_id
        and draft.type == recorded.type
        and _compared_source(draft.source) == _compared_source(recorded.source)
        and draft.causation_id == recorded.causation_id
        and same_instant
        and (
            isinstance(recorded.actor, EncryptedValue)
            or ACTOR.as_compared(draft.actor) == ACTOR.as_compared(recorded.actor)
        )
    )


def _compared_source(source: str | None) -> object:
    """Which import brought an event is none of its content: each has an id of its own."""
    return SOURCE.as_compared(without_import(source))


def _same_data(sent: object, recorded: RecordedEvent, names: ContactNames) -> bool:
    return _same_fields(sent, recorded.event, recorded.contact_id, names)


def _same_fields(sent: object, stored: Event, contact_id: UUID, names: ContactNames) -> bool:
    """Whether the fields agree, seen from the event that is stored.

    Refs that name the contact itself are left out on both sides: the ledger adds one.
    """
    if isinstance(sent, dict):
        # A correction's data: stored as an event of its target's type, sent as it comes.
        sent = _read(type(stored), sent, names)
    if type(sent) is not type(stored):
        return False
    if isinstance(stored, TELLING):
        assert isinstance(sent, TELLING), "it is of the same type"
        sent, stored = (without_own_ref(one, contact_id, names) for one in (sent, stored))
    for field in stored.FIELDS:
        one, other = getattr(sent, field.name), getattr(stored, field.name)
        if isinstance(other, Event):
            same = _same_fields(one, other, contact_id, names)
        else:
            same = _same_value(one, other, field.kind)
        if not same:
            return False
    return True


def _read(cls: type[Event], sent: dict[str, object], names: ContactNames) -> Event | None:
    """What was sent, by the rule for texts or as from before it; None where it cannot be read."""
    for read in (cls.read, cls.read_kept):
        try:
            return read(sent, names)
        except Invalid:
            continue
    return None


def _same_value(sent: object, stored: object, kind: Kind) -> bool:
    if isinstance(stored, EncryptedValue):
        return True
    sent, stored = kind.as_compared(sent), kind.as_compared(stored)
    if isinstance(stored, dict | list):
        # Python takes 1 and true for equal; JSON does not.
        return type(sent) is type(stored) and _canonical(sent) == _canonical(stored)
    return sent == stored


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)
