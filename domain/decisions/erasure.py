"""Making what is personal about somebody unreadable for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.request import Decided
from domain.errors import ContactNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from domain.contact import ContactState
    from domain.events.governance import PersonalDataErased


def erase(
    group: Iterable[UUID], event: PersonalDataErased, state_of: Callable[[UUID], ContactState]
) -> tuple[Decided, ...]:
    """The erasure on every stream of a person that has none yet.

    The person is one, however many contacts they were taken for: each of these has a key of its
    own, and whoever asks to be forgotten does not ask by the contact. Already so where all were
    erased before, whoever asked then and why.

    Raises:
        ContactNotFound: nobody was registered under that id.
    """
    states = [state_of(contact) for contact in group]
    if not any(state.registered for state in states):
        raise ContactNotFound("no such contact is registered")
    return tuple(Decided(state.contact_id, event) for state in states if not state.erased)
