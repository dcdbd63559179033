"""Who is whom, and what they allow us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.addresses import without_own_ref
from domain.dealings import key_of_other
from domain.decisions.reasons import refusal
from domain.decisions.request import ALREADY_SO

if TYPE_CHECKING:
    from domain.contact import ContactState
    from domain.decisions.request import Command, DecidedEvent
    from domain.events.contacts import (
        ConsentChanged,
        ContactMerged,
        ContactRegistered,
        ContactsDistinguished,
        MergeReversed,
    )


def register_contact(
    state: ContactState, command: Command[ContactRegistered]
) -> tuple[DecidedEvent, ...]:
    """Register a contact once; amendments are events of their own.

    A name that is an address of another contact may be registered later, and counts for that as
    before. An erased name never is: who it was must not be learned again.
    """
    if state.registration is None:
        if state.erased:
            raise refusal("contact-erased", "the name was erased: it is never registered again")
        return command.acceptance
    known, said = (
        without_own_ref(one, state.contact_id, command.names)
        for one in (state.registration, command.event)
    )
    if known.says_the_same_as(said):
        return ALREADY_SO
    raise refusal("contact-already-registered")


def merge_contact(state: ContactState, command: Command[ContactMerged]) -> tuple[DecidedEvent, ...]:
    """Make this contact an alias of a registered one that is not an alias itself.

    It need not be registered: a name that nobody registered becomes an address. Others may have
    been merged into either before: they count for the survivor of both now. An erased contact stays
    by itself: what was erased as one person cannot become another one.
    """
    into = command.event.into
    if state.merged_into == into:
        return ALREADY_SO
    if state.merged_into is not None:
        raise refusal(
            "contact-merged",
            f"the contact was merged into {state.merged_into}: reverse that merge first",
            into=str(state.merged_into),
        )
    if into == state.contact_id:
        raise refusal("merge-into-itself")
    survivor = command.world.survivor_of(into)
    if survivor != into:
        raise refusal(
            "contact-merged",
            f"{into} was itself merged: merge into {survivor}, which stands for it",
            into=str(survivor),
        )
    other = command.world.contact(into)
    if state.erased or other.erased:
        erased = state.contact_id if state.erased else into
        raise refusal("contact-erased", f"{erased} was erased, and is merged with nobody any more")
    if not other.is_registered:
        raise refusal(
            "contact-unregistered", f"the contact to merge into, {into}, is not registered"
        )
    return command.acceptance


def reverse_merge(state: ContactState, command: Command[MergeReversed]) -> tuple[DecidedEvent, ...]:
    """Let a merged contact stand for itself again.

    Already so only where the last merge was reversed from the same contact; who was never merged
    into it gets ``merge-unknown``.
    """
    if state.merged_into == command.event.into:
        return command.acceptance
    if state.separated_from == command.event.into:
        return ALREADY_SO
    raise refusal("merge-unknown")


def distinguish_contacts(
    state: ContactState, command: Command[ContactsDistinguished]
) -> tuple[DecidedEvent, ...]:
    """Record once that this contact and another registered one are two.

    Who is merged is one: the merge is to be reversed first.
    """
    other, world = command.event.other, command.world
    if world.survivor_of(other) == world.survivor_of(state.contact_id):
        raise refusal("distinguished-from-itself")
    if not ((found := world.contact(other)).is_registered or found.is_address):
        raise refusal("contact-unregistered", f"the other contact {other} is not registered")
    return ALREADY_SO if key_of_other(other) in state.dealings.settled else command.acceptance


def change_consent(
    state: ContactState, command: Command[ConsentChanged]
) -> tuple[DecidedEvent, ...]:
    """Record what was said, unless the same was said at the same instant.

    Saying the same again at another instant is news: more may come to light between the two, on the
    stream of a contact merged into this one, by an event that arrives late, or when what was said
    before is retracted.
    """
    event = command.event
    said = state.dealings.consent_said(event.purpose, event.channel, command.at)
    return ALREADY_SO if said == event.granted else command.acceptance
