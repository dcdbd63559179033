"""Answers about contacts as they were last worked out, kept while nothing can have changed them.

A status follows from the contact's events, the policies and the instant; a card follows from those
of a few other contacts too. So an answer is kept until an event is recorded that may bear on it, or
the instant comes at which time itself changes something; the cached answer and a newly computed one
are the same to the byte.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from api.service.answers.document import KnownAt
from domain.events.contacts import ContactMerged, MergeReversed
from domain.events.governance import EventCorrected, EventRetracted, PolicyPublished

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

ENTRY_BYTES = 400
"""What keeping one takes besides its text, by measure."""

STREAM_BYTES = 200
"""What each stream takes besides that is merged into the contact, or that the answer rests on."""

_FAR_REACHING = (ContactMerged, MergeReversed, PolicyPublished, EventRetracted, EventCorrected)
"""What may bear on contacts other than its own: who is whom, how all are judged, and the fate of a
``referral-received``, which is decided on another stream. A merge of a name that nothing was
recorded of is about the contact alone that it becomes an address of."""


@dataclass(frozen=True, slots=True)
class _CachedAnswer:
    from_at: int
    until_at: int | None
    said: bytes
    merged: Collection[UUID]
    others: Collection[UUID]

    @property
    def weight(self) -> int:
        streams = len(self.merged) + len(self.others)
        return len(self.said) + ENTRY_BYTES + STREAM_BYTES * streams


class Newest(NamedTuple):
    """The head of the log, and when it was recorded."""

    position: int
    recorded_at: int

    @property
    def known_at(self) -> KnownAt:
        """The place in the ledger; before the first event nothing was recorded."""
        return KnownAt(
            position=self.position, recorded_at=self.recorded_at if self.position else None
        )


class HeadAnswer(NamedTuple):
    """The answer at the head of the log, and the position of the head."""

    said: bytes
    newest: Newest


class AnswerCache:
    """The answers to one question by contact, those asked for longest ago going first.

    Any thread may ask.
    """

    def __init__(self, ledger: Ledger, most_bytes: Callable[[], int]) -> None:
        """For a ledger that nobody appends to yet. ``most_bytes`` is how much is kept at most."""
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[UUID, _CachedAnswer] = OrderedDict()
        self._survivors: dict[UUID, UUID] = {}
        """By merged contact, whose entry it counts for."""
        self._resting: dict[UUID, set[UUID]] = {}
        """By the stream of another contact, whose entries rest on it."""
        self._bytes = 0
        head = ledger.head()
        self.newest = Newest(head, ledger.recorded_at(head) if head else 0)
        ledger.on_record(self._drop_changed)

    def get(self, contact_id: UUID, at: int) -> HeadAnswer | None:
        """What is said of the contact at that instant, if it is still known."""
        with self._lock:
            kept = self._kept.get(contact_id)
            if kept is None or at < kept.from_at:
                return None
            if kept.until_at is not None and at >= kept.until_at:
                return None
            self._kept.move_to_end(contact_id)
            return HeadAnswer(kept.said, self.newest)

    def survivor_of(self, contact_id: UUID) -> UUID:
        """Whose entry a merged contact counts for; itself where none is kept."""
        with self._lock:
            return self._survivors.get(contact_id, contact_id)

    def keep(
        self,
        contact_id: UUID,
        position: int,
        from_at: int,
        until_at: int | None,
        said: bytes,
        merged: Collection[UUID] = (),
        others: Collection[UUID] = (),
    ) -> None:
        """Keep what is said of a contact that is not an alias; ``merged`` are its aliases.

        ``others`` are the streams of other contacts that it rests on. It was worked out of all up
        to ``position``, and holds from one instant up to, not including, another. Nothing is kept
        where more was recorded meanwhile.
        """
        with self._lock:
            if position != self.newest.position:
                return
            self._drop(contact_id)
            kept = self._kept[contact_id] = _CachedAnswer(from_at, until_at, said, merged, others)
            self._survivors.update(dict.fromkeys(merged, contact_id))
            for one in others:
                self._resting.setdefault(one, set()).add(contact_id)
            self._bytes += kept.weight
            most_bytes = self._most_bytes()
            while self._bytes > most_bytes:
                self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._kept.clear()
        self._survivors.clear()
        self._resting.clear()
        self._bytes = 0

    def _drop_resting_on(self, stream: UUID) -> None:
        """Drop the entry of the contact that the stream counts for, and those that rest on it."""
        self._drop(stream)
        for contact_id in tuple(self._resting.get(stream, ())):
            self._drop(contact_id)

    def _drop(self, contact_id: UUID) -> None:
        if self._survivors:
            contact_id = self._survivors.get(contact_id, contact_id)
        gone = self._kept.pop(contact_id, None)
        if gone is not None:
            self._bytes -= gone.weight
            for one in gone.merged:
                self._survivors.pop(one, None)
            for one in gone.others:
                resting = self._resting[one]
                resting.discard(contact_id)
                if not resting:
                    del self._resting[one]

    def _drop_changed(self, events: Sequence[RecordedEvent]) -> None:
        """Drop the entries that these events may change. It is called before the events can be
        read.
        """
        with self._lock:
            if self._kept:
                self._drop_those_of(events)
            self.newest = Newest(events[-1].position, events[-1].recorded_at)

    def _drop_those_of(self, events: Sequence[RecordedEvent]) -> None:
        missed = events[0].position != self.newest.position + 1
        far = [one for one in events if isinstance(one.event, _FAR_REACHING)]
        if missed or not all(_makes_an_address(one) for one in far):
            self._clear()
        for one in events:
            self._drop_resting_on(one.contact_id)
        for one in far:
            if isinstance(one.event, ContactMerged):
                self._drop_resting_on(one.event.into)


def _makes_an_address(recorded: RecordedEvent) -> bool:
    return recorded.version == 1 and isinstance(recorded.event, ContactMerged)
