"""Finding the contacts of one ledger: an index that is built in the background and kept current."""

from __future__ import annotations

from collections import defaultdict, deque
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from api.service.finding.index import SearchIndex
from api.service.finding.queries import Query
from api.service.finding.terms import INDEXED, TYPES, Place, record_of, shown_name
from domain.events.governance import PersonalDataErased
from ledger.identifiers import contact_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from api.service.finding.index import Match
    from api.service.finding.worker import IndexingWorker
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

T = TypeVar("T")

WINDOW_POSITIONS = 200
"""How much of the log is taken in at a time; nobody finds anything meanwhile."""

NEAR_POSITIONS = 25 * WINDOW_POSITIONS
"""How far behind the log a question takes in what is missing itself, before it is answered."""


READY = "ready"
"""The state of an index that has all of the log."""

_INDEXED = frozenset(INDEXED)


class IndexState(NamedTuple):
    """How far the index is: ``building`` or ``ready``, and positions of the log."""

    state: str
    done: int
    total: int


class Finder:
    """Who is called what in a ledger, as of the newest commit. Any thread may ask.

    The index is of streams; which of them are one person is for the caller to say.
    """

    def __init__(self, ledger: Ledger, worker: IndexingWorker) -> None:
        """For a ledger that nobody appends to yet; it is built by the worker."""
        self._ledger = ledger
        self._worker = worker
        self._lock = Lock()
        self._index = SearchIndex()
        self._place = Place(lambda name: contact_id_of(name, ledger.id_of), ledger.region)
        self._position = 0
        self._erased: deque[UUID] = deque()
        self._is_closed = False
        ledger.on_record(self._on_record)
        worker.wake(self)

    def find(self, typed: str, most: int) -> list[Match]:
        """Up to ``most`` contacts whose names, refs, e-mails or phones have these words."""
        query = Query(typed, self._ledger.region)
        return self.with_index(lambda index: index.find(query, most) if query.readings else [])

    def find_part(self, part: str, most: int) -> list[Match]:
        """Up to ``most`` contacts with this in one of their names, oldest registration first."""
        return self.with_index(lambda index: index.find_part(part, most))

    def names_of(self, contacts: Iterable[UUID]) -> dict[UUID, str | None]:
        """The names of these contacts as they are written; None where it is not known."""
        return self.with_index(
            lambda index: {one: shown_name(index.contact_record(one)) for one in contacts}
        )

    def with_index(self, question: Callable[[SearchIndex], T]) -> T:
        """What a question finds in the index, which is not changed meanwhile."""
        with self._lock:
            self._catch_up()
            return question(self._index)

    def state(self) -> IndexState:
        """How far the index is, of the log as it is now."""
        head = self._ledger.head()
        state = READY if self._is_near(head) else "building"
        return IndexState(state, min(self._position, head), head)

    def state_for_answer(self) -> IndexState:
        """The same, once what is missing is taken in, unless that is much."""
        self.with_index(lambda _: None)
        return self.state()

    def advance(self) -> bool:
        """Take in the next part of the log; whether there is more to take in.

        Raises:
            LedgerError: it cannot be read now.
        """
        with self._lock:
            if not self._is_closed and self._position < self._ledger.head():
                self._take_in_window()
            return not self._is_closed and self._position < self._ledger.head()

    def close(self) -> None:
        """Read the ledger no more, and forget everybody."""
        with self._lock:
            self._is_closed = True
            self._index = SearchIndex()

    def _is_near(self, head: int) -> bool:
        return head - self._position <= NEAR_POSITIONS

    def _catch_up(self) -> None:
        if self._is_closed:
            return
        head = self._ledger.head()
        if self._is_near(head):
            while self._position < head:
                self._take_in_window()
        self._drop_erased()

    def _take_in_window(self) -> None:
        upto = min(self._position + WINDOW_POSITIONS, self._ledger.head())
        told = self._ledger.log(
            after=self._position, limit=WINDOW_POSITIONS, types=TYPES, upto=upto
        )
        by_contact: dict[UUID, list[RecordedEvent]] = defaultdict(list)
        for recorded in told:
            by_contact[recorded.contact_id].append(recorded)
        for contact, new in by_contact.items():
            events = new
            if self._index.knows(contact):
                events = self._ledger.stream(contact, types=TYPES, upto=upto, decrypt=True)
            self._index.put(contact, record_of(events, contact, self._place))
        self._position = upto
        self._drop_erased()

    def _on_record(self, events: Sequence[RecordedEvent]) -> None:
        """Forget whom these events erase, and have the rest taken in. It waits for nobody."""
        if not any(type(one.event) in _INDEXED for one in events):
            return
        self._erased += [
            one.contact_id for one in events if isinstance(one.event, PersonalDataErased)
        ]
        if self._erased and self._lock.acquire(blocking=False):
            try:
                self._drop_erased()
            finally:
                self._lock.release()
        self._worker.wake(self)

    def _drop_erased(self) -> None:
        while self._erased:
            self._index.drop(self._erased.popleft())
