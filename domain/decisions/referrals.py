"""Who sent whom, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.reasons import refused
from domain.decisions.request import ALREADY_SO, Decided
from domain.events.referrals import ReferralReceived

if TYPE_CHECKING:
    from domain.contact import ContactState
    from domain.decisions.request import Asked
    from domain.events.referrals import ReferralClosed, ReferralLevelRaised, ReferralMade


def make_referral(state: ContactState, asked: Asked[ReferralMade]) -> tuple[Decided, ...]:
    """Record who was referred, for an inbound referral on both streams.

    The other stream is that of the contact that is named, merged or not.
    Whom we send elsewhere need not be registered with us; who is sent to us must be. Circles of
    contacts that refer each other are recorded; only the credit is withheld, elsewhere.
    """
    event = asked.event
    world = asked.world
    if world.survivor_of(event.other) == world.survivor_of(state.contact_id):
        raise refused("self-referral")
    if event.direction == "outbound":
        return asked.accepted
    if not world.contact(event.other).registered:
        raise refused(
            "contact-unregistered", f"the referred contact {event.other} is not registered"
        )
    received = ReferralReceived(
        referral_id=event.referral_id, by=state.contact_id, level=event.level
    )
    return (*asked.accepted, Decided(event.other, received))


def raise_level(state: ContactState, asked: Asked[ReferralLevelRaised]) -> tuple[Decided, ...]:
    """State a level above all that were stated before, whenever they were reached."""
    highest = state.dealings.levels[asked.event.referral_id]
    if asked.event.level < highest:
        raise refused("level-lower", f"level {highest} was stated before", level=highest)
    return ALREADY_SO if asked.event.level == highest else asked.accepted


def close_referral(state: ContactState, asked: Asked[ReferralClosed]) -> tuple[Decided, ...]:
    """Close a referral once."""
    settled = state.dealings.settled.get(("referral_id", asked.event.referral_id))
    if settled is None:
        return asked.accepted
    if settled.event == asked.event:
        return ALREADY_SO
    raise refused("referral-already-closed")
