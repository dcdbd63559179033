"""Who of ours looks after whom, and who allows what: an index in memory, as stewards are personal.

It is built in the background as the index of names is, and counts contacts without folding any: a
contact is read again only when an event that names a steward or a consent comes, or a merge.
"""

from __future__ import annotations

from collections import defaultdict
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from api.service.agendas.reading import steward_in
from domain.consents import about, consents_of
from domain.events.care import StewardAssigned
from domain.events.contacts import ConsentChanged, ContactMerged, MergeReversed
from domain.events.governance import EventCorrected, EventRetracted, PersonalDataErased
from domain.history import effective_history
from domain.text import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from api.service.finding.worker import IndexingWorker
    from api.service.known_aliases import KnownAliases
    from domain.aliases import Aliases
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

Key = TypeVar("Key")

WINDOW_POSITIONS = 5_000
"""How much of the log is taken in at a time."""

MOST_READING_SECONDS = 0.2
"""For how long a question takes in what is missing itself."""

_SAYING = (StewardAssigned.TYPE, ConsentChanged.TYPE)
_CHANGING = (EventCorrected.TYPE, EventRetracted.TYPE, PersonalDataErased.TYPE)
_REGROUPING = (ContactMerged.TYPE, MergeReversed.TYPE)
_TYPES = (*_SAYING, *_CHANGING, *_REGROUPING)
_EVER = (1 << 62) - 1
"""After every instant: what is dated some minutes ahead counts at once."""


class Consent(NamedTuple):
    """A purpose and a channel, the same in every spelling."""

    purpose: str
    channel: str


class SaidEntry(NamedTuple):
    """What is said of one contact: its steward, and what it allows."""

    steward: str | None
    allows: frozenset[Consent]


class SaidCounts(NamedTuple):
    """How many contacts each steward looks after, and how many allow what, the most first.

    ``is_whole`` is False while the log is still being read after a start.
    """

    stewards: Mapping[str, int]
    consents: Mapping[Consent, int]
    is_whole: bool


class SaidIndex:
    """The contacts of each steward and of each consent. Any thread may ask."""

    def __init__(self, ledger: Ledger, aliases: KnownAliases, worker: IndexingWorker) -> None:
        """For a ledger that nobody appends to yet; it is built by the worker."""
        self._ledger = ledger
        self._aliases = aliases
        self._worker = worker
        self._lock = Lock()
        self._position = 0
        self._is_closed = False
        self._streams: set[UUID] = set()
        self._said: dict[UUID, SaidEntry] = {}
        self._by_steward: dict[str, set[UUID]] = defaultdict(set)
        self._by_consent: dict[Consent, set[UUID]] = defaultdict(set)
        ledger.on_record(self._on_record)
        worker.wake(self)

    def counts(self) -> SaidCounts:
        """How many contacts there are of each steward and of each consent."""
        with self._lock:
            is_whole = self._catch_up()
            stewards = {name: len(those) for name, those in self._by_steward.items() if those}
            consents = {one: len(those) for one, those in self._by_consent.items() if those}
        return SaidCounts(_most_first(stewards), _most_first(consents), is_whole)

    def looked_after_by(self, steward: str) -> frozenset[UUID]:
        """The contacts of a steward, in any spelling of the name."""
        wanted = NAME.as_compared(steward)
        with self._lock:
            self._catch_up()
            return frozenset(
                one
                for name, those in self._by_steward.items()
                if NAME.as_compared(name) == wanted
                for one in those
            )

    def allowing(self, purpose: str, channel: str) -> frozenset[UUID]:
        """The contacts that allow this."""
        with self._lock:
            self._catch_up()
            return frozenset(self._by_consent.get(Consent(*about(purpose, channel)), ()))

    def advance(self) -> bool:
        """Take in the next part of the log; whether there is more to take in.

        Raises:
            LedgerError: it cannot be read now.
        """
        with self._lock:
            if not self._is_whole():
                self._take_in_window()
            return not self._is_whole()

    def close(self) -> None:
        """Read the ledger no more, and forget everything."""
        with self._lock:
            self._is_closed = True
            self._streams.clear()
            self._said.clear()
            self._by_steward.clear()
            self._by_consent.clear()

    def _is_whole(self) -> bool:
        return self._is_closed or self._position >= self._ledger.head()

    def _catch_up(self) -> bool:
        until = monotonic() + MOST_READING_SECONDS
        while not self._is_whole():
            if monotonic() >= until:
                self._worker.wake(self)
                return False
            self._take_in_window()
        return True

    def _take_in_window(self) -> None:
        upto = min(self._position + WINDOW_POSITIONS, self._ledger.head())
        told = self._ledger.log(
            after=self._position, limit=WINDOW_POSITIONS, types=_TYPES, upto=upto
        )
        new: dict[UUID, list[RecordedEvent]] = {}
        touched: dict[UUID, None] = {}
        for recorded in told:
            stream, event = recorded.contact_id, recorded.event
            if isinstance(event, ContactMerged | MergeReversed):
                touched |= {stream: None, event.into: None}
            elif recorded.type in _SAYING or stream in self._streams:
                touched[stream] = None
                if stream in new or stream not in self._streams:
                    new.setdefault(stream, []).append(recorded)
                self._streams.add(stream)
        aliases = self._aliases.at(upto)
        for survivor in {aliases.survivor_of(one) for one in touched} | touched.keys():
            self._keep(survivor, self._find(survivor, aliases, upto, new))
        self._position = upto

    def _find(
        self, contact: UUID, aliases: Aliases, upto: int, new: Mapping[UUID, list[RecordedEvent]]
    ) -> SaidEntry | None:
        """What is said of a contact; None of one for which another one stands.

        ``new`` are all such events of streams that had none before.
        """
        if aliases.survivor_of(contact) != contact:
            return None
        members = [one for one in aliases.members(contact) if one in self._streams]
        types = (*_SAYING, *_CHANGING)
        events = [
            one
            for member in members
            for one in new.get(member)
            or self._ledger.stream(member, types=types, upto=upto, decrypt=True)
        ]
        history = effective_history(events, contact)
        granted = (one for one in consents_of(history, _EVER) if one.granted)
        allows = frozenset(Consent(*about(one.purpose, one.channel)) for one in granted)
        return SaidEntry(steward_in(history, _EVER), allows)

    def _keep(self, contact: UUID, said: SaidEntry | None) -> None:
        before = self._said.pop(contact, None)
        if before is not None:
            if before.steward is not None:
                self._by_steward[before.steward].discard(contact)
            for one in before.allows:
                self._by_consent[one].discard(contact)
        if said is None or said == (None, frozenset()):
            return
        self._said[contact] = said
        if said.steward is not None:
            self._by_steward[said.steward].add(contact)
        for one in said.allows:
            self._by_consent[one].add(contact)

    def _on_record(self, events: Sequence[RecordedEvent]) -> None:
        """Have the events taken in once they are such, or many. It waits for no reading."""
        is_far = bool(events) and events[-1].position - self._position >= WINDOW_POSITIONS
        if is_far or any(one.type in _TYPES for one in events):
            self._worker.wake(self)


def _most_first(counts: Mapping[Key, int]) -> dict[Key, int]:
    return dict(sorted(counts.items(), key=lambda one: -one[1]))
