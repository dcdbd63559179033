"""What was folded of contacts for the present, kept in memory for as long as it holds."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from domain.events.contacts import ContactMerged, MergeReversed
from domain.events.governance import PolicyPublished

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger
    from projections.folding import Moment

T = TypeVar("T")

_REGROUPING = (ContactMerged, MergeReversed)

MOST_KEPT = 50_000
"""Of how many contacts something is kept at most."""


class Answer(NamedTuple, Generic[T]):
    """What was found, and the instant until which it holds without another event; None: forever.

    ``seen_until_at`` is how far ahead was looked for it, where that matters; None: to the end.
    """

    value: T
    until_at: int | None
    seen_until_at: int | None = None

    def holds(self, at: int, ahead_at: int) -> bool:
        """Whether it is the answer at an instant, and looks ahead as far as is asked for."""
        is_current = self.until_at is None or at < self.until_at
        return is_current and (self.seen_until_at is None or ahead_at <= self.seen_until_at)


class _DatedAnswer(NamedTuple, Generic[T]):
    answer: Answer[T]
    position: int
    at: int


class KeptAnswers(Generic[T]):
    """One answer for each of some contacts, until time or an event may change it.

    Any thread may ask. What an erasure makes unknown is forgotten with the event that says so.
    """

    def __init__(self, ledger: Ledger) -> None:
        """For a ledger that nobody appends to yet."""
        self._ledger = ledger
        self._lock = Lock()
        self._kept: dict[UUID, _DatedAnswer[T]] = {}
        self._survivor_of: dict[UUID, UUID] = {}
        self._touched_at: dict[UUID, int] = {}
        self._regrouped_at = ledger.head()
        ledger.on_record(self._on_record)

    def get(self, contact: UUID, moment: Moment, ahead_at: int, find: Callable[[], Answer[T]]) -> T:
        """What ``find`` finds of a survivor at the moment, looking ahead up to an instant.

        Or what it found when that was the same.
        """
        with self._lock:
            # A moment before the newest merge has other groups: what it watches would be wrong.
            is_grouped = moment.position >= self._regrouped_at
            touched_at = self._watch(contact, moment) if is_grouped else None
            known = self._kept.get(contact)
        if touched_at is None:
            return find().value
        if (
            known is not None
            and touched_at <= min(known.position, moment.position)
            and known.at <= moment.at
            and known.answer.holds(moment.at, ahead_at)
        ):
            return known.answer.value
        answer = find()
        if touched_at <= moment.position:
            with self._lock:
                if self._touched_at.get(contact) == touched_at:
                    self._kept[contact] = _DatedAnswer(answer, moment.position, moment.at)
        return answer.value

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._forget_all()

    def _watch(self, contact: UUID, moment: Moment) -> int:
        """From which position on what is known of a contact is as it is."""
        touched_at = self._touched_at.get(contact)
        if touched_at is None:
            if len(self._touched_at) >= MOST_KEPT:
                self._forget_all()
            for member in moment.aliases.members(contact):
                self._survivor_of[member] = contact
            touched_at = self._touched_at[contact] = self._ledger.head()
        return touched_at

    def _forget_all(self) -> None:
        self._kept.clear()
        self._survivor_of.clear()
        self._touched_at.clear()

    def _forget_groups(self, *contacts: UUID) -> None:
        """Forget the contacts and those who stand for them: the others keep their groups."""
        survivors = {self._survivor_of.get(one, one) for one in contacts}
        for one in survivors.union(contacts):
            self._kept.pop(one, None)
            self._touched_at.pop(one, None)

    def _on_record(self, events: Sequence[RecordedEvent]) -> None:
        """Forget what the events may change, before anybody is answered with them."""
        with self._lock:
            is_empty = not self._touched_at
            for recorded in events:
                event = recorded.event
                if isinstance(event, _REGROUPING):
                    self._regrouped_at = recorded.position
                    self._forget_groups(recorded.contact_id, event.into)
                elif is_empty:  # while lines pour in, this is most of what is asked
                    continue
                elif isinstance(event, PolicyPublished):
                    self._forget_all()
                elif (survivor := self._survivor_of.get(recorded.contact_id)) in self._touched_at:
                    self._touched_at[survivor] = recorded.position
                    self._kept.pop(survivor, None)
