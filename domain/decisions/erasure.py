"""Making the personal data of a person unreadable forever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.request import DecidedEvent
from domain.errors import ContactNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from domain.contact import ContactState
    from domain.events.governance import PersonalDataErased


def erase(
    group: Iterable[UUID], event: PersonalDataErased, state_of: Callable[[UUID], ContactState]
) -> tuple[DecidedEvent, ...]:
    """The erasure on every stream of a person that has none yet.

    The person is one, however many contacts they were taken for: each of these has a key of its
    own, and a person who asks to be forgotten does not name a contact. Already so where all were
    erased before, by anyone and for any reason.

    Raises:
        ContactNotFound: nobody was registered under that id.
    """
    states = [state_of(contact) for contact in group]
    if not any(state.is_registered for state in states):
        raise ContactNotFound("no such contact is registered")
    return tuple(DecidedEvent(state.contact_id, event) for state in states if not state.erased)
