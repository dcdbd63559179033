"""A ledger as a process has it open that follows its log beside the one that appends to it.

It reads the events without any key of a contact, and signs the transparency log. Nothing here keeps
an event from being appended, or is lost when the process is killed.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from domain.errors import Corrupt
from domain.recorded import POLICY_STREAM
from domain.timeline import timeline_of
from ledger.data_layout import settings_of
from ledger.head_listeners import HeadListeners
from ledger.mapper import LedgerMapper, NoKeys
from ledger.memory_budget import STREAMS
from ledger.published_policies import timeline
from ledger.stored_events import StoredEvents
from ledger.stream_cache import StreamCache
from ledger.subscriptions.pacing import SIGNER
from ledger.transparency.log import TransparencyLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.timeline import PolicyTimeline
    from ledger.clock import Clock
    from ledger.master_keys import MasterKey
    from ledger.memory_budget import MemoryBudget
    from ledger.stores.store import LedgerStore
    from ledger.subscriptions.pacing import Pacing


class FollowedLedger(StoredEvents):
    """The events of a ledger that another process appends to, and the signing of its log.

    Any thread may call; positions count from 1.
    """

    def __init__(
        self,
        store: LedgerStore,
        *,
        master_key: MasterKey | bytes,
        clock: Clock,
        memory: MemoryBudget,
        signer_pacing: Pacing = SIGNER,
    ) -> None:
        """Open what the process that appends has made; ``master_key`` unwraps the signing keys.

        ``memory`` bounds what is kept of it.

        Raises:
            Corrupt: a part is damaged, or of another master key.
            Unavailable: a part cannot be opened.
        """
        settings = settings_of(store)
        if settings.origin is None:
            raise Corrupt(f"{store.names.place} has no transparency log yet")
        self.store = store
        self.time_zone = settings.time_zone
        self._mapper = LedgerMapper(NoKeys())
        self._streams = StreamCache(self._beyond, memory.share(STREAMS))
        self._listeners = HeadListeners()
        self._policies = timeline_of([])
        self._policy_count = self._policies_upto = 0
        with ExitStack() as opened:
            self._recorder = opened.enter_context(store.events_beside())
            # Only the signing keys are read. A file that stays open would delay an erasure.
            keys = store.open_keys(master_key, make=False)
            try:
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
                    pacing=signer_pacing,
                )
            finally:
                keys.close()
            opened.callback(self.transparency.close)
            memory.add_ledger()
            opened.callback(memory.remove_ledger)
            self._opened = opened.pop_all()

    def head(self) -> int:
        """The newest position, 0 in a ledger without events."""
        with self._reading():
            return self._recorder.max_notification_id() or 0

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The policies that were known at that position, or are known now."""
        if upto is None or upto > self._policies_upto:
            self._read_policies()
        return self._policies if upto is None else self._policies.known_at(upto)

    def _read_policies(self) -> None:
        """Read what was published since, and know them all up to the head of before that."""
        head = self.head()
        with self._reading():
            newest = self._recorder.newest(POLICY_STREAM)
            if newest is not None and newest.version > self._policy_count:
                rows = self._recorder.rows_of_stream(POLICY_STREAM)
                self._policies, self._policy_count = timeline(self._events(rows)), newest.version
        self._policies_upto = head

    def on_commit(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Have this called with the new head after ``wake``. Returns what lets go of it."""
        return self._listeners.add(callback)

    def wake(self) -> None:
        """Say that the log has grown."""
        head = self.head()
        self._listeners.announce(head)

    def close(self) -> None:
        """Sign what is left, if signing was started, and close the store."""
        self._opened.close()
