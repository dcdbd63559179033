"""A ledger that is read in full beside the process that appends to it.

Everything that is asked of a ledger which records is asked of it too; it takes nothing. It stands
still until its owner has it catch up, so that all answers of one moment are about one position.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, NoReturn, cast

from domain.errors import Unavailable
from domain.events.governance import PersonalDataErased, PolicyPublished
from domain.recorded import POLICY_STREAM
from ledger.clock import ClockWatch
from ledger.commit_observer import NullObserver
from ledger.entropy import Entropy
from ledger.head_listeners import HeadListeners
from ledger.identifiers import EventIds
from ledger.keys_beside import KeysBeside
from ledger.ledger import Ledger
from ledger.mapper import LedgerMapper
from ledger.memory_budget import KEYS, STREAMS
from ledger.namespaces import InNamespace
from ledger.published_policies import timeline
from ledger.recording import Recording
from ledger.stream_cache import StreamCache
from ledger.transparency.log import TransparencyLog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline
    from ledger.clock import Clock
    from ledger.commit_observer import CommitObserver
    from ledger.committer import Committer
    from ledger.master_keys import MasterKey
    from ledger.memory_budget import MemoryBudget
    from ledger.settings import LedgerSettings
    from ledger.stores.keys import LedgerKeyStore
    from ledger.stores.store import LedgerStore

_log = logging.getLogger("rapport.ledger")

PAGE_EVENTS = 1000
"""How many events are taken in at once."""


class _Head:
    """How far the log is known here, in the place of what records: it takes nothing."""

    works = records = True
    is_held_up = False
    waiting = 0

    def __init__(self, head: int, newest_at: int, policies: PolicyTimeline) -> None:
        self.head = head
        self.newest_at = newest_at
        self.policies = policies
        self.watchers: list[Callable[[Sequence[RecordedEvent]], None]] = []
        self.observer: CommitObserver = NullObserver()

    def take_nothing(self, *_: object) -> NoReturn:
        """Refuse.

        Raises:
            Unavailable: in any case.
        """
        raise Unavailable("another server records in this ledger")

    append = append_each = submit = publish = erase = try_commit = take_nothing

    def check_room(self) -> None:
        """There is nothing that could be full."""

    def close(self) -> None:
        """There is nothing to finish."""


class LedgerBeside(Ledger):
    """Reads a ledger, names, personal data and all. Any thread may call; it takes nothing."""

    def __init__(
        self,
        store: LedgerStore,
        settings: LedgerSettings,
        *,
        clock: Clock,
        master_key: MasterKey | bytes,
        memory: MemoryBudget,
    ) -> None:
        """Open what the process that appends has made; ``memory`` bounds what is kept of it.

        Raises:
            Corrupt: a part is damaged, or of another master key.
            Unavailable: a part cannot be opened, or was not made to its end yet.
        """
        if settings.origin is None:
            raise Unavailable(f"{store.names.place} has no transparency log yet")
        InNamespace.__init__(self, settings.namespace)
        self.store = store
        self.name = settings.name
        self.time_zone = settings.time_zone
        self.region = settings.region
        self.for_audit = settings.for_audit
        self.memory = memory
        self._clock = clock
        self._ids = EventIds(clock, Entropy())
        self._listeners = HeadListeners()
        self._catching_up = Lock()
        self.destroyed_again = 0
        """None: keys are destroyed by the process that records."""
        with ExitStack() as opened:
            self._recorder = opened.enter_context(store.events_beside())
            kept = memory.share(KEYS)
            keys = KeysBeside(lambda: store.open_keys(master_key, make=False, most_kept=kept))
            opened.callback(keys.close)
            self._reading_keys = keys
            self._keys = cast("LedgerKeyStore", keys)
            self._mapper = LedgerMapper(keys)
            self._streams = StreamCache(self._beyond, memory.share(STREAMS))
            with self._reading():
                erased = self._recorder.streams_with(PersonalDataErased.TYPE)
            if erased:
                keys.forget(erased)
            self._known = self._read_head()
            self._committer = cast("Committer", self._known)
            self.transparency = TransparencyLog(
                store,
                settings.origin,
                keys.signing,
                rows=self.rows,
                head=self.head,
                on_commit=self.on_commit,
                clock=clock,
                make=False,
                signs=not settings.for_audit,
                signed_elsewhere=True,
            )
            opened.callback(self.transparency.close)
            self.recording = Recording(self._committer, ClockWatch(self.name, clock))
            memory.add_ledger()
            opened.callback(memory.remove_ledger)
            self._opened = opened.pop_all()

    def catch_up(self) -> int:
        """Take in what was recorded by now; the newest position.

        What watches the log hears of it before an answer is about it.

        Raises:
            Corrupt: the events or the keys are damaged.
            Unavailable: they cannot be read now.
        """
        with self._catching_up:
            with self._reading():
                newest = self._recorder.max_notification_id() or 0
            while self._known.head < newest:
                self._take_in(self.log(after=self._known.head, limit=PAGE_EVENTS, upto=newest))
            return self._known.head

    def is_lost(self) -> bool:
        """Never: it does not record."""
        return False

    def close(self) -> None:
        """Let the store go."""
        self._opened.close()

    def _take_in(self, recorded: Sequence[RecordedEvent]) -> None:
        erased = [one.contact_id for one in recorded if isinstance(one.event, PersonalDataErased)]
        if erased:
            self._reading_keys.forget(erased)
        for watcher in self._known.watchers:
            try:
                watcher(recorded)
            except Exception:  # noqa: BLE001  # as after a commit: what is recorded stands
                _log.exception("a listener to commits failed")
        if any(isinstance(one.event, PolicyPublished) for one in recorded):
            self._known.policies = self._read_policies(recorded[-1].position)
        self._known.newest_at = recorded[-1].recorded_at
        self._known.head = recorded[-1].position
        self._announce(self._known.head)

    def _read_head(self) -> _Head:
        with self._reading():
            head = self._recorder.max_notification_id() or 0
        newest_at = self.recorded_at(head) if head else 0
        return _Head(head, newest_at, self._read_policies(head))

    def _read_policies(self, upto: int) -> PolicyTimeline:
        with self._reading():
            rows = self._recorder.rows_of_stream(POLICY_STREAM, upto=upto)
        return timeline(self._events(rows))
