"""A ledger: one business's events, opened from its folder. Everything else goes through here."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from domain.aliases import MERGE_TYPES, aliases_in
from domain.decisions.reasons import refused
from domain.errors import Corrupt, EventNotFound
from domain.recorded import POLICY_STREAM
from ledger.application import LedgerApplication
from ledger.batch import Desk, Publication
from ledger.clock import ClockWatch, RecordingClock
from ledger.committer import WAITING_EVENTS, Committer
from ledger.datastore import APPLICATION_ID, telling
from ledger.entropy import Entropy
from ledger.erasure import destroy_again
from ledger.identifiers import EventIds, contact_id_of
from ledger.kept_streams import KeptStreams
from ledger.keys import APPLICATION_ID as KEYS_APPLICATION_ID
from ledger.keys import KeyStore
from ledger.mapper import EVERYTHING, NOTHING
from ledger.names import NameIndex
from ledger.namespaces import InNamespace
from ledger.published import published
from ledger.recording import Recording
from ledger.soundness import check
from ledger.states import ContactStates
from ledger.transparency.log import TransparencyLog
from ledger.transparency.store import APPLICATION_ID as LOG_APPLICATION_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from uuid import UUID

    from domain.errors import LedgerError
    from domain.policy import Policy
    from domain.recorded import Recorded
    from domain.timeline import PolicyTimeline, PolicyVersion
    from ledger.clock import Clock
    from ledger.drafts import Append, Appended
    from ledger.erasure import Erased, Erasure
    from ledger.master_keys import MasterKey
    from ledger.observing import CommitObserver
    from ledger.recorder import Row
    from ledger.work import Reply

EVENTS_FILE = "events.sqlite"
KEYS_FILE = "keys.sqlite"
LOG_FILE = "log.sqlite"

_POLICIES: dict[str, object] = {"originator_id = ?": POLICY_STREAM.bytes}
_PAGE = 2000


class Ledger(InNamespace):
    """Append to a ledger and read it. Any thread may call; positions count from 1.

    Reads answer for what is committed. Instants are microseconds of UTC. Where a read can unseal,
    ``unseal=False`` leaves personal fields ``Sealed``, which is faster and enough for folds.

    Reading raises ``Corrupt`` where stored bytes are damaged, after which nothing is appended any
    more, and ``Unavailable`` where the database cannot be read.
    """

    _refuse: Callable[[Corrupt], None] | None = None

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        time_zone: str | None,
        namespace: UUID | None,
        clock: Clock,
        master_key: MasterKey | bytes,
        origin: str,
        begin_log: bool = False,
        for_audit: bool = False,
        waiting_events: int = WAITING_EVENTS,
    ) -> None:
        """Open the files in the folder, or make them; ``begin_log`` if only the log is to be made.

        One ``for_audit`` lacks its keys: what is personal reads as withheld, and nothing is added.

        Raises:
            Corrupt: a file is damaged, another program's, or of another master key.
            Unavailable: a file cannot be opened or written.
        """
        super().__init__(namespace)
        self.folder = folder
        self.name = name
        self.time_zone = time_zone
        self.for_audit = for_audit
        self._clock = clock
        self._ids = EventIds(clock, Entropy())
        self._listeners: list[Callable[[int], None]] = []
        self._file = folder / EVENTS_FILE
        new = not self._file.exists()
        if not new:
            check(self._file, APPLICATION_ID)
            check(folder / KEYS_FILE, KEYS_APPLICATION_ID)
            if (folder / LOG_FILE).exists():
                check(folder / LOG_FILE, LOG_APPLICATION_ID)
        self._keys = KeyStore(folder / KEYS_FILE, master_key, make=new)
        with ExitStack() as opened:
            opened.callback(self._keys.close)
            with telling(self._file):
                self._application = LedgerApplication(self._file, self._keys)
                opened.callback(self._application.close)
                self._mapper = self._application.mapper
                self._recorder = self._application.recorder
                if not new and not self._recorder.max_notification_id():
                    raise Corrupt(f"{self._file} holds no events: restore it from a backup")
                destroy_again(self._recorder, self._keys)
                self._committer = Committer(
                    self._desk,
                    self._keys,
                    self._tell,
                    file=self._file,
                    waiting_events=waiting_events,
                    refusal=(lambda: refused("ledger-for-audit")) if for_audit else None,
                )
                opened.callback(self._committer.close)
            self._refuse = self._committer.refuse
            self.transparency = self._open_log(origin, make=new or begin_log)
            opened.pop_all()
        self.on_commit(lambda _head: self.transparency.wake())
        self.recording = Recording(self._committer, ClockWatch(name, clock))
        self.recording.look_at_the_clock()
        self.on_commit(lambda _head: self.recording.look_at_the_clock())
        self._names = NameIndex(
            lambda after, limit, types: self.log(after=after, limit=limit, types=types), self.head
        )
        self.on_record(self._names.forget)
        self._streams = KeptStreams(self._beyond)

    def _open_log(self, origin: str, *, make: bool) -> TransparencyLog:
        return TransparencyLog(
            self.folder / LOG_FILE,
            origin,
            self._keys.signing,
            rows=self.rows,
            head=self.head,
            clock=self._clock,
            make=make,
            signs=not self.for_audit,
        )

    def _desk(self) -> Desk:
        """What the committer decides upon, read from what is stored."""
        head = self._recorder.max_notification_id() or 0
        newest_at = self.recorded_at(head) if head else 0
        return Desk(
            namespace=self._namespace,
            names=self.contact_id,
            ids=self._ids,
            clock=RecordingClock(self._clock, newest_at),
            states=ContactStates(self._application.contact, self._application.contacts),
            mapper=self._mapper,
            recorder=self._recorder,
            policies=published(self._recorded(self._recorder.rows(_POLICIES))),
            aliases=aliases_in(self._recorded(self._recorder.rows({}, topics=MERGE_TYPES))),
            head=head,
            newest_at=newest_at,
        )

    def contact_id(self, name: str) -> UUID:
        """The contact of that name, recorded or not; finds and raises as ``contact_id_of``."""
        return contact_id_of(name, self.named, lambda one: bool(self.registered([one])))

    def knows_id(self, event_id: UUID) -> bool:
        """Whether an event with that id is recorded."""
        with self._reading():
            return bool(self._recorder.rows_by_id([event_id]))

    def registered(self, contact_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the contacts that were registered, merged ones included."""
        with self._reading():
            return self._recorder.begun(contact_ids)

    def append(self, append: Append) -> Future[Appended]:
        """Record the drafts, all or none; answers once they are durable.

        The future raises ``EventIdReused``, ``VersionMismatch``, ``Invalid``, ``Refused``, or
        ``Unavailable`` where the commit failed and nothing was recorded.

        Raises:
            Unavailable: at once, if too much is waiting already.
        """
        return self._committer.append(append)

    def hand_over(self, append: Append, reply: Reply) -> None:
        """As ``append``, at once errors included; its future's answer is told to ``reply``."""
        self._committer.submit(append, reply)

    def append_each(self, appends: Sequence[Append]) -> Future[list[Appended | LedgerError]]:
        """Record many appends that have nothing to do with each other, in order, with one answer.

        The future holds for each what ``append`` would answer or raise; it raises ``Unavailable``
        where the commit failed and nothing of them was recorded.

        Raises:
            TooManyWaiting: at once, if too much is waiting already; a commit makes room.
            Unavailable: the ledger is closed.
        """
        return self._committer.append_each(appends)

    def publish_policy(self, policy: Policy, effective_from: int | None) -> Future[PolicyVersion]:
        """Publish the next version, in force from that instant, or from now where it is absent.

        Raises:
            Unavailable: as ``append``.
        """
        return self._committer.publish(Publication(policy=policy, effective_from=effective_from))

    def erase(self, erasure: Erasure) -> Future[Erased]:
        """Make somebody unreadable for ever; raises as ``append``, and ``ContactNotFound``."""
        return self._committer.erase(erasure)

    def hold(self, refusal: Callable[[], LedgerError] | None) -> None:
        """Refuse all but erasures from now on, once what came before is recorded; or no more."""
        self._committer.hold(refusal)

    def head(self) -> int:
        """The newest position, 0 in a ledger without events."""
        return self._committer.head

    def event(self, position: int, *, unseal: bool = True) -> Recorded:
        """The event at that position.

        Raises:
            EventNotFound: there is none.
        """
        with self._reading():
            rows = self._recorder.rows({"position = ?": position})
        if not rows:
            raise EventNotFound(f"no event stands at position {position}")
        return self._recorded(rows, unseal=unseal)[0]

    def stored(self, positions: Sequence[int]) -> dict[int, Row]:
        """The stored bytes of the events at these positions; where none stands it is absent."""
        with self._reading():
            return self._recorder.rows_at(positions)

    def log(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        types: Sequence[str] = (),
        unseal: bool = True,
        upto: int | None = None,
        streams: Sequence[UUID] = (),
    ) -> list[Recorded]:
        """At most ``limit`` events beyond ``after`` up to ``upto``, in order of their positions.

        ``streams`` are the contacts whose events are wanted; all events are where it is empty.
        """
        with self._reading():
            rows = self._recorder.rows_after(after, upto, types, streams, limit)
        return self._recorded(rows, unseal=unseal)

    def stream(
        self,
        contact_id: UUID,
        *,
        after_version: int = 0,
        limit: int | None = None,
        types: Sequence[str] = (),
        upto: int | None = None,
        unseal: bool = False,
    ) -> list[Recorded]:
        """A contact's own events beyond ``after_version``, by version; ``upto`` is a position."""
        if not (after_version or limit or types or unseal):
            return self._streams.read(contact_id, upto)
        with self._reading():
            rows = self._recorder.rows_of_stream(contact_id, after_version, types, upto, limit)
        return self._recorded(rows, unseal=unseal)

    def streams(
        self, *, after: UUID | None = None, upto: int
    ) -> Iterator[tuple[UUID, list[Recorded]]]:
        """Every contact beyond ``after`` with its events up to that position, in contact order.

        Personal fields stay sealed and the policy stream is left out. Pages are read in
        transactions of their own, so a long walk holds nothing up.
        """
        contact_id, version = after or POLICY_STREAM, 2**62
        events: list[Recorded] = []
        while True:
            with self._reading():
                rows = self._recorder.rows_in_stream_order(contact_id, version, upto, _PAGE)
            for recorded in self._recorded(rows):
                if events and events[0].contact_id != recorded.contact_id:
                    yield events[0].contact_id, events
                    events = []
                events.append(recorded)
            if len(rows) < _PAGE:
                break
            contact_id, version = events[-1].contact_id, events[-1].version
        if events:
            yield events[0].contact_id, events

    def _beyond(self, contact_id: UUID, version: int) -> list[Recorded]:
        with self._reading():
            return self._recorded(self._recorder.rows_of_stream(contact_id, version))

    def rows(self, after: int, upto: int) -> list[Row]:
        """The events beyond a position up to another as they are stored, in order."""
        with self._reading():
            return self._recorder.rows_after(after, upto)

    def version(self, contact_id: UUID, upto: int | None = None) -> int:
        """The version of the contact's newest event up to that position, 0 if it has none."""
        with self._reading():
            newest = self._recorder.newest(contact_id, upto)
        return newest.version if newest else 0

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The policies that were known at that position, or are known now."""
        policies = self._committer.policies
        return policies if upto is None else policies.known_at(upto)

    def recorded_at(self, position: int) -> int:
        """When the event at that position was recorded.

        Raises:
            EventNotFound: there is none.
        """
        return self.event(position, unseal=False).recorded_at

    def position_at(self, instant: int) -> int:
        """The last position recorded at or before that instant, 0 if there is none."""
        # Instants of recording never decrease, so a dozen reads find it without an index.
        low, high = 0, self.head()
        while low < high:
            middle = (low + high + 1) // 2
            if self.recorded_at(middle) <= instant:
                low = middle
            else:
                high = middle - 1
        return low

    def on_commit(self, callback: Callable[[int], None]) -> None:
        """Have this called with the new head after each commit, on the committer's thread.

        It must return at once: appends wait for it.
        """
        self._listeners.append(callback)

    def on_record(self, callback: Callable[[Sequence[Recorded]], None]) -> None:
        """As ``on_commit``, with the events, in clear, and before any read answers for them."""
        self._committer.watchers.append(callback)

    def observe(self, observer: CommitObserver) -> None:
        """Have this one told of commits from now on, in place of the one before."""
        self._committer.observer = observer

    def check_room(self) -> None:
        """Tell whether an append could be taken now.

        Raises:
            TooManyWaiting: too much is waiting already.
        """
        self._committer.check_room()

    def waiting(self) -> int:
        """How many drafts wait to be recorded."""
        return self._committer.waiting

    def _tell(self, head: int) -> None:
        for listener in self._listeners:
            listener(head)

    def names(self) -> NameIndex:
        """The contacts by name."""
        return self._names

    def close(self) -> None:
        """Finish what was accepted, seal it if that was being done, then close the files."""
        self._committer.close()
        self.transparency.close()
        self._application.close()
        self._keys.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Tell what is wrong with the store, and append nothing more to a damaged one."""
        try:
            with telling(self._file):
                yield
        except Corrupt as error:
            if self._refuse is not None:
                self._refuse(error)
            raise

    def _recorded(self, rows: Sequence[Row], *, unseal: bool = False) -> list[Recorded]:
        topics = EVERYTHING if unseal else NOTHING
        with self._reading():  # unsealing reads the keys
            return [self._mapper.recorded(*row, unseal=topics) for row in rows]
