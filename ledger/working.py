"""The world as decisions of one append see it, with what the append changed so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.aliases import merge_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from domain.aliases import Aliases
    from domain.contact import ContactState
    from domain.policy import Policy
    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline
    from ledger.state_cache import ContactStates


class Working:
    """What is known of contacts, by what is recorded and by the append itself.

    An append of several events works on copies, so that a refusal leaves nothing behind; one of a
    single event changes the kept states themselves, once it is decided.
    """

    def __init__(
        self, states: ContactStates, aliases: Aliases, policies: PolicyTimeline, *, alone: bool
    ) -> None:
        """``alone`` says that the append is one of a single event."""
        self._states = states
        self._aliases = aliases
        self._policies = policies
        self._alone = alone
        self._changed: dict[UUID, ContactState] = {}
        self.made: list[RecordedEvent] = []

    def contact(self, contact_id: UUID) -> ContactState:
        """The state of a contact."""
        changed = self._changed.get(contact_id) if self._changed else None
        return changed or self._states.get(contact_id)

    def survivor_of(self, contact_id: UUID) -> UUID:
        """Who stands for a contact."""
        # Of contacts that the append did not change the aliases know it, without their streams.
        seen = {contact_id}  # An archive that was imported may hold a circle.
        while (into := self._target_of(contact_id)) is not None and into not in seen:
            seen.add(into)
            contact_id = into
        return contact_id

    def _target_of(self, contact_id: UUID) -> UUID | None:
        changed = self._changed.get(contact_id)
        return self._aliases.target_of(contact_id) if changed is None else changed.merged_into

    def merged_at(self, contact_id: UUID) -> int:
        """The position of the last merge of a contact before this append, 0 where there is none."""
        return self._aliases.merged_at(contact_id)

    def group(self, contact_id: UUID) -> tuple[UUID, ...]:
        """Every contact that is the same person, who stands for all of them first."""
        survivor, aliases = self.survivor_of(contact_id), self._aliases
        # The append may have moved whole groups: a merged contact may have brought its aliases
        # along.
        touched = {survivor, *self._changed}
        may_be = {one for each in touched for one in aliases.members(aliases.survivor_of(each))}
        others = {one for one in may_be | touched if self.survivor_of(one) == survivor}
        return (survivor, *sorted(others - {survivor}))

    def policy_at(self, at: int) -> Policy:
        """The policy in force at that instant."""
        return self._policies.in_force(at).policy

    def add(self, made: Iterable[RecordedEvent]) -> None:
        """Take in what the append made."""
        for recorded in made:
            self.made.append(recorded)
            if not self._alone:
                if recorded.contact_id not in self._changed:
                    copied = self._states.get(recorded.contact_id).copy()
                    self._changed[recorded.contact_id] = copied
                self._changed[recorded.contact_id].evolve(recorded)

    def keep(self) -> None:
        """Let the kept states and the aliases know; nothing can be refused any more."""
        for recorded in self.made:
            if (merge := merge_of(recorded)) is not None:
                self._aliases.apply(merge)
        for contact_id, state in self._changed.items():
            self._states.put(contact_id, state)
        if self._alone:
            for recorded in self.made:
                state = self._states.get(recorded.contact_id)
                state.evolve(recorded)
                self._states.put(recorded.contact_id, state)
