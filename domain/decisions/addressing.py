"""Whether a ref becomes an address of the contact that says it is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.request import ALREADY_SO, DecidedEvent
from domain.events.contacts import ContactMerged

if TYPE_CHECKING:
    from uuid import UUID

    from domain.contact import ContactState
    from domain.decisions.request import World


def make_address(state: ContactState, into: UUID, world: World) -> tuple[DecidedEvent, ...] | None:
    """The merge of a ref's name into a contact, none where it leads there; None: it is left out.

    It is left out where the name belongs to somebody else: it is registered, or an alias of
    another. Both stay as they are, because only people can tell whether the two are one. So it is
    where one of the two was erased, who is merged with nobody.

    ``into`` may be an alias itself. The address then counts for the same survivor, and goes with
    the contact whose event named it where that merge is undone.
    """
    if world.survivor_of(state.contact_id) == world.survivor_of(into):
        return ALREADY_SO
    is_taken = state.is_registered or state.merged_into is not None
    if is_taken or state.erased or world.contact(into).erased:
        return None
    return (DecidedEvent(state.contact_id, ContactMerged(into=into)),)
