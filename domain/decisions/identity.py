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

    Others may have been merged into either before: they count for whoever stands for both now. An
    erased contact stays by itself: what was erased as one person cannot become another one.
    """
    into = asked.event.into
    if state.merged_into == into:
        return ALREADY_SO
    if state.merged_into is not None:
        raise refused(
            "contact-merged",
            f"the contact was merged into {state.merged_into}: reverse that merge first",
            into=str(state.merged_into),
        )
    if into == state.contact_id:
        raise refused("merge-into-itself")
    other = asked.world.contact(into)
    if not other.registered:
        raise refused(
            "contact-unregistered", f"the contact to merge into, {into}, is not registered"
        )
    survivor = asked.world.survivor_of(into)
    if survivor != into:
        raise refused(
            "contact-merged",
            f"{into} was itself merged: merge into {survivor}, which stands for it",
            into=str(survivor),
        )
    if state.erased or other.erased:
        erased = state.contact_id if state.erased else into
        raise refused("contact-erased", f"{erased} was erased, and is merged with nobody any more")
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
    """Record what was said, unless the same was said at the same instant.

    Saying the same again at another instant is news: more may come to light between the two, on the
    stream of a contact merged into this one, by an event that arrives late, or when what was said
    before is retracted.
    """
    event = asked.event
    said = state.dealings.consent_said(event.purpose, event.channel, asked.at)
    return ALREADY_SO if said == event.granted else asked.accepted
