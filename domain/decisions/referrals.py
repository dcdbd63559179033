"""Who sent whom, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.reasons import refusal
from domain.decisions.request import ALREADY_SO, DecidedEvent
from domain.events.referrals import ReferralReceived

if TYPE_CHECKING:
    from domain.contact import ContactState
    from domain.decisions.request import Command
    from domain.events.referrals import ReferralClosed, ReferralLevelRaised, ReferralMade


def make_referral(state: ContactState, command: Command[ReferralMade]) -> tuple[DecidedEvent, ...]:
    """Record who was referred, for an inbound referral on both streams.

    The other stream is that of the contact that is named, merged or not.
    Whom we send elsewhere need not be registered with us; who is sent to us must be. Circles of
    contacts that refer each other are recorded; only the credit is withheld, elsewhere.
    """
    event = command.event
    world = command.world
    if world.survivor_of(event.other) == world.survivor_of(state.contact_id):
        raise refusal("self-referral")
    if event.direction == "outbound":
        return command.acceptance
    if not ((other := world.contact(event.other)).is_registered or other.is_address):
        raise refusal(
            "contact-unregistered", f"the referred contact {event.other} is not registered"
        )
    received = ReferralReceived(
        referral_id=event.referral_id, by=state.contact_id, level=event.level
    )
    return (*command.acceptance, DecidedEvent(event.other, received))


def raise_level(
    state: ContactState, command: Command[ReferralLevelRaised]
) -> tuple[DecidedEvent, ...]:
    """State a level above all that were stated before, whenever they were reached."""
    highest = state.dealings.levels[command.event.referral_id]
    if command.event.level < highest:
        raise refusal("level-lower", f"level {highest} was stated before", level=highest)
    return ALREADY_SO if command.event.level == highest else command.acceptance


def close_referral(
    state: ContactState, command: Command[ReferralClosed]
) -> tuple[DecidedEvent, ...]:
    """Close a referral once."""
    settled = state.dealings.settled.get(("referral_id", command.event.referral_id))
    if settled is None:
        return command.acceptance
    if settled.event == command.event:
        return ALREADY_SO
    raise refusal("referral-already-closed")
