"""Who a contact is, decrypted, as far as was known at a position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.marks import MARKING
from domain.events.contacts import (
    ContactDetailLearned,
    ContactDetailRemoved,
    ContactLinked,
    ContactRegistered,
    RegistrationAmended,
)
from domain.history import effective_history
from domain.profile import profile_of

if TYPE_CHECKING:
    from uuid import UUID

    from domain.aliases import Aliases
    from domain.history import History
    from domain.profile import Profile
    from ledger.ledger import Ledger

_PROFILE_TYPES = (
    ContactRegistered.TYPE,
    RegistrationAmended.TYPE,
    ContactLinked.TYPE,
    ContactDetailLearned.TYPE,
    ContactDetailRemoved.TYPE,
    *MARKING,
)


def profile_at(ledger: Ledger, aliases: Aliases, survivor: UUID, position: int) -> Profile:
    """The profile of a survivor."""
    history = decrypted_history(ledger, aliases, survivor, position, _PROFILE_TYPES)
    return profile_of(history, survivor, aliases.survivor_of)


def decrypted_history(
    ledger: Ledger, aliases: Aliases, survivor: UUID, position: int, types: tuple[str, ...]
) -> History:
    """What follows from the events of these types, those of merged contacts included."""
    return history_of_types(ledger, aliases, survivor, position, types, decrypt=True)


def history_of_types(
    ledger: Ledger,
    aliases: Aliases,
    survivor: UUID,
    position: int,
    types: tuple[str, ...],
    *,
    decrypt: bool = False,
) -> History:
    """The same, encrypted unless it is to be decrypted."""
    events = [
        recorded
        for member in aliases.members(survivor)
        for recorded in ledger.stream(member, types=types, upto=position, decrypt=decrypt)
    ]
    return effective_history(events, survivor)
