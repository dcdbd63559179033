"""Who is whom, and what they allow us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.reasons import refused
from domain.decisions.request import ALREADY_SO

if TYPE_CHECKING:
    from domain.contact import ContactState
    from domain.decisions.request import Asked, Decided
    from domain.events.contacts import (
        ConsentChanged,
        ContactMerged,
        ContactRegistered,
        MergeReversed,
    )


def register_contact(state: ContactState, asked: Asked[ContactRegistered]) -> tuple[Decided, ...]:
    """Register a contact once; amendments are events of their own."""
    if state.registration is None:
        return asked.accepted
    if state.registration.says_the_same_as(asked.event):
        return ALREADY_SO
    raise refused("contact-already-registered")


def merge_contact(state: ContactState, asked: Asked[ContactMerged]) -> tuple[Decided, ...]:
    """Make this contact an alias of a registered one that is not an alias itself.

    Others may have been merged into this one before: aliases are followed to the end.
    """
    into = asked.event.into
    if state.merged_into == into:
        return ALREADY_SO
    if into == state.contact_id:
        raise refused("merge-into-itself")
    survivor = asked.world.contact(into)
    if not survivor.registered:
        raise refused(
            "contact-unregistered", f"the contact to merge into, {into}, is not registered"
        )
    if survivor.merged_into is not None:
        raise refused(
            "contact-merged",
            f"{into} was itself merged into {survivor.merged_into}",
            into=str(survivor.merged_into),
        )
    return asked.accepted


def reverse_merge(state: ContactState, asked: Asked[MergeReversed]) -> tuple[Decided, ...]:
    """Let a merged contact stand for itself again.

    Already so only where the last merge was reversed from the same contact; who was never merged
    into it gets ``merge-unknown``.
    """
    if state.merged_into == asked.event.into:
        return asked.accepted
    if state.separated_from == asked.event.into:
        return ALREADY_SO
    raise refused("merge-unknown")


def change_consent(state: ContactState, asked: Asked[ConsentChanged]) -> tuple[Decided, ...]:
    """Record what was said, unless it is a yes in force already, or was said at the same instant.

    In force at its own ``occurred_at``, not now: a consent that arrives late is news even where a
    later one says the same. Saying no again is news always. More may come to light between the
    two: in a contact merged into this one, by an event that arrives late, or when what was said
    before is retracted. A refusal that was let go would then turn into a consent.
    """
    event = asked.event
    if event.granted and state.dealings.consent_at(event.purpose, event.channel, asked.at):
        return ALREADY_SO
    said = state.dealings.consent_said(event.purpose, event.channel, asked.at)
    return ALREADY_SO if said == event.granted else asked.accepted
