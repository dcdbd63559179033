"""Whether a draft says the same as an event that is recorded already.

Source: the HTTP contract, "Idempotency".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.errors import EventIdReused, Invalid
from domain.events import Event, Sealed

if TYPE_CHECKING:
    from domain.kinds import ContactNames
    from domain.recorded import Recorded
    from ledger.drafts import Draft


def check_same(draft: Draft, recorded: Recorded, names: ContactNames) -> None:
    """Let a repetition pass; ``recorded`` is unsealed, or erased.

    An absent ``occurred_at`` equals one that the ledger filled in. Erased values are left out of
    the comparison, because nobody can tell any more.

    Raises:
        EventIdReused: the draft says something else, or cannot be read any more.
    """
    if draft.event is None or not (
        _same_envelope(draft, recorded) and _same_data(draft.event, recorded.event, names)
    ):
        raise reused(recorded)


def reused(recorded: Recorded) -> EventIdReused:
    """The error that names where the id stands; nowhere yet within one request."""
    return EventIdReused(recorded.id, recorded.position or None)


def _same_envelope(draft: Draft, recorded: Recorded) -> bool:
    if draft.occurred_at is None:
        same_instant = recorded.is_dated_by_ledger
    else:
        same_instant = draft.occurred_at == recorded.occurred_at
    return (
        draft.contact_id == recorded.contact_id
        and draft.type == recorded.type
        and draft.source == recorded.source
        and draft.causation_id == recorded.causation_id
        and same_instant
        and (isinstance(recorded.actor, Sealed) or draft.actor == recorded.actor)
    )


def _same_data(sent: object, stored: Event, names: ContactNames) -> bool:
    """Whether the fields agree, seen from the event that is stored."""
    if isinstance(sent, dict):
        # A correction's data: stored as an event of its target's type, sent as it comes.
        try:
            sent = type(stored).read(sent, names)
        except Invalid:
            return False
    if type(sent) is not type(stored):
        return False
    return all(
        _same_value(getattr(sent, name), getattr(stored, name), names) for name in stored.__dict__
    )


def _same_value(sent: object, stored: object, names: ContactNames) -> bool:
    if isinstance(stored, Sealed):
        return True
    if isinstance(stored, Event):
        return _same_data(sent, stored, names)
    if isinstance(stored, dict | list):
        # Python takes 1 and true for equal; JSON does not.
        return type(sent) is type(stored) and _canonical(sent) == _canonical(stored)
    return sent == stored


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)
