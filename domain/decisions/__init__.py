"""What the business may record of a contact, given everything known of it.

Decisions are pure: from the contact's state and a request to the events to record, or none where it
is already so, or a refusal with a reason of its own. They look at everything known, whatever its
``occurred_at``. Source: the domain document, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.admission import admit, as_opened, require_known_ids, require_unused_id
from domain.decisions.corrections import correct_event, retract_event
from domain.decisions.facts import DECISIONS, record
from domain.decisions.reasons import REASONS
from domain.decisions.request import ALREADY_SO, Command, DecidedEvent, Request, World
from domain.events.governance import EventCorrected, EventRetracted

if TYPE_CHECKING:
    from domain.contact import ContactState

__all__ = ["ALREADY_SO", "REASONS", "DecidedEvent", "Request", "World", "decide"]


def decide(state: ContactState, request: Request, world: World) -> tuple[DecidedEvent, ...]:
    """The events to record for this request: the first is its own, none where it is already so.

    The event of a correction comes back with its data read as the target's type. A second event
    stands on another contact's stream, takes the first one's ``occurred_at`` and is caused by it.

    Raises:
        Refused: with one of ``REASONS``.
        Invalid: the ledger writes this type itself, or a correction's data does not fit its target;
            pointers are relative to the event.
    """
    admit(state, request)
    event = request.event
    if isinstance(event, EventCorrected):
        correcting = Command(state.contact_id, event, request.occurred_at, world)
        return correct_event(state, correcting, request.names)
    if isinstance(event, EventRetracted):
        return retract_event(state, Command(state.contact_id, event, request.occurred_at, world))
    if state.derived is None:  # after a correction it costs the whole stream to derive all of it
        state = state.about(event)
    require_unused_id(state, event)
    event = as_opened(state, event)
    require_known_ids(state, event)
    decision = DECISIONS.get(type(event), record)
    at, names = request.occurred_at, request.names
    return decision(state, Command(state.contact_id, event, at, world, names))
