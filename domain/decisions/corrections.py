"""What is put right: events that never happened, or happened otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from domain.decisions.admission import (
    hold_to_erasure,
    require_known_ids,
    require_unused_id,
    spelled_as,
)
from domain.decisions.commerce import correct_purchase
from domain.decisions.facts import DECISIONS, record
from domain.decisions.reasons import refusal
from domain.decisions.request import ALREADY_SO, Command
from domain.decisions.rewards import correct_payment
from domain.errors import Invalid
from domain.events import Event
from domain.events.commerce import PurchaseMade
from domain.events.contacts import ContactMerged, ContactRegistered, MergeReversed
from domain.events.governance import EventCorrected, EventRetracted, PersonalDataErased
from domain.events.referrals import (
    ReferralLevelRaised,
    ReferralMade,
    ReferralReceived,
    RewardPaid,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from domain.contact import ContactState
    from domain.decisions.facts import Decision
    from domain.decisions.request import DecidedEvent
    from domain.kinds import ContactNames
    from domain.recorded import RecordedEvent

FINAL: tuple[type[Event], ...] = (
    ContactMerged,
    ContactRegistered,
    EventRetracted,
    MergeReversed,
    PersonalDataErased,
    ReferralReceived,
)
"""What is neither retracted nor corrected: it has its own way back, or none.

A registration is amended, a merge reversed; a ``referral-received`` follows its ``referral-made``.
"""

_CORRECTING: Mapping[type[Event], Decision] = {
    **DECISIONS,
    PurchaseMade: correct_purchase,
    RewardPaid: correct_payment,
    # The parties are fixed, so the other contact is not asked again whether it may be referred.
    ReferralMade: record,
    # The highest level counts wherever it was stated: an earlier one may be corrected below it.
    ReferralLevelRaised: record,
}


def retract_event(
    state: ContactState, command: Command[EventRetracted]
) -> tuple[DecidedEvent, ...]:
    """Take back an event of this stream; of a correction, so that the version before it counts."""
    target = _target(state, command.event.target)
    if isinstance(target.event, FINAL):
        raise refusal("not-retractable", f"{target.type} cannot be retracted")
    earlier = state.retractions.get(target.id)
    if earlier is None:
        return command.acceptance
    if earlier.says_the_same_as(command.event) or (state.erased and command.event.reason is None):
        return ALREADY_SO  # why it was retracted before the erasure, nobody can tell any more
    raise refusal("already-retracted")


def correct_event(
    state: ContactState, command: Command[EventCorrected], names: ContactNames
) -> tuple[DecidedEvent, ...]:
    """Say how an event of this stream really happened.

    It could have been recorded so in the first place: the decision about its type is made again, in
    the state without it. Correcting what is retracted is accepted and changes nothing.

    Raises:
        Invalid: the data does not fit the target's type; pointers are relative to the correction.
    """
    target = _target(state, command.event.target)
    if isinstance(target.event, (*FINAL, EventCorrected)):
        raise refusal("not-correctable", f"{target.type} cannot be corrected")
    correction = command.event
    if correction.data is not None:
        data = _read(type(target.event), correction.data, names)
        data = spelled_as(data, target.event)
        correction = replace(correction, data=data)
        hold_to_erasure(state, data, "/data/data")
        _keep_parties(target.event, data)
    at = target.occurred_at if correction.occurred_at is None else correction.occurred_at
    # Not what an earlier correction said: of several corrections only the last counts, as a whole.
    event = correction.data if isinstance(correction.data, Event) else target.event
    remaining = state.about(event, without=target.id)
    require_unused_id(remaining, event)
    if target.id not in state.retractions:
        require_known_ids(remaining, event)
        decision = _CORRECTING.get(type(event), record)
        decision(remaining, Command(state.contact_id, event, at, command.world))
    return command._replace(event=correction).acceptance


def _target(state: ContactState, event_id: UUID) -> RecordedEvent:
    recorded = state.events.get(event_id)
    if recorded is None:
        raise refusal("event-unknown", f"event {event_id} does not stand on this contact's stream")
    return recorded


def _read(kind: type[Event], data: Event | dict[str, object], names: ContactNames) -> Event:
    if type(data) is kind:
        return data
    try:
        return kind.read(data, names)
    except Invalid as error:
        raise error.within("/data/data") from None


def _keep_parties(original: Event, corrected: Event) -> None:
    """The other stream holds a ``referral-received``, and cannot be exchanged for another one."""
    if isinstance(original, ReferralMade) and isinstance(corrected, ReferralMade):
        before = (original.direction, original.other)
        if before != (corrected.direction, corrected.other):
            raise refusal("referral-parties-fixed", "retract the referral and record it again")
