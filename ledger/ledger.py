"""A ledger: one business's events, opened from its store. Everything else goes through here."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.aliases import MERGE_TYPES, aliases_in
from domain.decisions.reasons import refusal
from domain.errors import Corrupt
from domain.recorded import POLICY_STREAM
from ledger.application import LedgerApplication
from ledger.batch import DecisionContext, Publication
from ledger.clock import ClockWatch, RecordingClock
from ledger.commit_queue import WAITING_EVENTS
from ledger.committer import Committer
from ledger.entropy import Entropy
from ledger.erasure import destroy_again
from ledger.head_listeners import HeadListeners
from ledger.identifiers import EventIds, contact_id_of
from ledger.memory_budget import KEYS, STATES, STREAMS, MemoryBudget
from ledger.namespaces import InNamespace
from ledger.published_policies import timeline
from ledger.recording import Recording
from ledger.state_cache import ContactStates
from ledger.stored_events import StoredEvents
from ledger.stores.keys import KEY_BYTES
from ledger.stream_cache import StreamCache
from ledger.subscriptions.pacing import SIGNER
from ledger.transparency.log import TransparencyLog
from ledger.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from uuid import UUID

    from domain.errors import LedgerError
    from domain.policy import Policy
    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline, PolicyVersion
    from ledger.clock import Clock
    from ledger.commit_observer import CommitObserver
    from ledger.commit_work import Reply
    from ledger.drafts import Append, AppendResult
    from ledger.erasure import Erasure, ErasureResult
    from ledger.master_keys import MasterKey
    from ledger.stores.scratch import Scratch
    from ledger.stores.store import LedgerStore
    from ledger.subscriptions.pacing import Pacing


class Ledger(InNamespace, StoredEvents):
    """Append to a ledger, and read it as ``StoredEvents``. Any thread may call.

    Positions count from 1; instants are microseconds of UTC.
    """

    def __init__(
        self,
        store: LedgerStore,
        *,
        name: str,
        time_zone: str | None,
        region: str | None = None,
        namespace: UUID | None,
        clock: Clock,
        master_key: MasterKey | bytes,
        origin: str,
        begin_log: bool = False,
        for_audit: bool = False,
        waiting_events: int = WAITING_EVENTS,
        signer_pacing: Pacing = SIGNER,
        signed_elsewhere: bool = False,
        memory: MemoryBudget | None = None,
    ) -> None:
        """Open what is in the store, or make it; ``begin_log`` if only the log is to be made.

        One ``for_audit`` lacks its keys: what is personal reads as withheld, and nothing is added.
        Where it is ``signed_elsewhere``, another process signs its log. ``memory`` bounds
        what is kept of it; where it is absent, the ledger has a budget of its own.

        Raises:
            Corrupt: a part is damaged, another program's, or of another master key.
            Unavailable: a part cannot be opened or written.
        """
        super().__init__(namespace)
        self.store = store
        self.name = name
        self.time_zone = time_zone
        self.region = region
        """Where phone numbers without a country stand, by ISO 3166; None is nowhere."""
        self.for_audit = for_audit
        self.memory = memory or MemoryBudget()
        self._clock = clock
        self._ids = EventIds(clock, Entropy())
        self._listeners = HeadListeners()
        new = not store.is_made()
        if not new:
            store.check()
        self._keys = store.open_keys(master_key, make=new, most_kept=self.memory.share(KEYS))
        with ExitStack() as opened:
            opened.callback(self._keys.close)
            with store.event_errors():
                self._application = LedgerApplication(store.event_factory(), self._keys)
                opened.callback(self._application.close)
                self._mapper = self._application.mapper
                self._recorder = self._application.stored
                if not new:
                    self._require_events()
                fence = destroy_again(self._recorder, self._keys, clock())
                self.destroyed_again = fence.destroyed
                """How many keys of the erased were there when it was opened, and are no more."""
                self._application.forgotten = fence.forgotten
                self._committer = self._open_committer(waiting_events)
                opened.callback(self._committer.close)
            self._refuse = self._committer.refuse
            self.transparency = self._open_log(
                origin, signer_pacing, make=new or begin_log, signed_elsewhere=signed_elsewhere
            )
            opened.pop_all()
        self.recording = Recording(self._committer, ClockWatch(name, clock))
        self.recording.look_at_the_clock()
        self.on_commit(lambda _head: self.recording.look_at_the_clock())
        self._streams = StreamCache(self._beyond, self.memory.share(STREAMS))
        self.memory.add_ledger()

    def _open_committer(self, waiting_events: int) -> Committer:
        return Committer(
            self._context,
            self._keys,
            self._announce,
            store=self.store,
            waiting_events=waiting_events,
            refusal=(lambda: refusal("ledger-for-audit")) if self.for_audit else None,
        )

    def _require_events(self) -> None:
        if not self._recorder.max_notification_id():
            name_of_events = self.store.names.placed_events
            raise Corrupt(f"{name_of_events} holds no events: restore it from a backup")

    def _open_log(
        self, origin: str, pacing: Pacing, *, make: bool, signed_elsewhere: bool
    ) -> TransparencyLog:
        return TransparencyLog(
            self.store,
            origin,
            self._keys.signing,
            rows=self.rows,
            head=self.head,
            on_commit=self.on_commit,
            clock=self._clock,
            make=make,
            signs=not self.for_audit,
            signed_elsewhere=signed_elsewhere,
            pacing=pacing,
        )

    def _context(self) -> DecisionContext:
        """What the committer decides upon, read from what is stored."""
        head = self._recorder.max_notification_id() or 0
        newest_at = self.recorded_at(head) if head else 0
        return DecisionContext(
            namespace=self._namespace,
            names=self.contact_id,
            ids=self._ids,
            clock=RecordingClock(self._clock, newest_at),
            states=ContactStates(
                self._application.contact, self._application.contacts, self.memory.share(STATES)
            ),
            mapper=self._mapper,
            recorder=self._recorder,
            policies=timeline(self._events(self._recorder.rows_of_stream(POLICY_STREAM))),
            aliases=aliases_in(self._events(self._recorder.rows_after(0, topics=MERGE_TYPES))),
            head=head,
            newest_at=newest_at,
        )

    def is_lost(self) -> bool:
        """Whether another process took over recording; then it has to be opened again."""
        return self._recorder.is_lost()

    def derived_key(self, purpose: str) -> bytes:
        """A key of 32 bytes for files beside the ledger, always the same for one purpose.

        It follows from the first key that signs, so it is where the ledger's keys are, and nowhere
        else. Source: RFC 5869.
        """
        first = self._keys.signing.keys_of(self.transparency.origin)[0]
        info = f"rapport {purpose}".encode()
        derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info)
        return derivation.derive(first.private.private_bytes_raw())

    def trial(self, scratch: Scratch) -> Trial:
        """What appends would come to, from what is recorded now on; nothing is recorded."""
        if self.for_audit:
            raise refusal("ledger-for-audit")
        own = replace(self._context(), ids=EventIds(self._clock, Entropy()))
        return Trial(own, scratch)

    def contact_id(self, name: str) -> UUID:
        """The contact of that name, recorded or not; finds and raises as ``contact_id_of``."""
        return contact_id_of(name, self.id_of, self.has_stream)

    def append(self, append: Append) -> Future[AppendResult]:
        """Record the drafts, all or none; answers once they are durable.

        The future raises ``EventIdReused``, ``VersionMismatch``, ``Invalid``, ``Refused``, or
        ``Unavailable`` where the commit failed and nothing was recorded.

        Raises:
            Unavailable: at once, if too much is waiting already.
        """
        return self._committer.append(append)

    def hand_over(self, append: Append, reply: Reply) -> None:
        """As ``append``, but all outcomes, errors too, go to ``reply``."""
        self._committer.submit(append, reply)

    def append_each(self, appends: Sequence[Append]) -> Future[list[AppendResult | LedgerError]]:
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

    def erase(self, erasure: Erasure) -> Future[ErasureResult]:
        """Make a person's data unreadable; raises as ``append``, and ``ContactNotFound``."""
        return self._committer.erase(erasure)

    def hold(self, refusal: Callable[[], LedgerError] | None) -> None:
        """Refuse all but erasures from now on, once what came before is recorded; or no more."""
        self._committer.hold(refusal)

    def head(self) -> int:
        """The newest position, 0 in a ledger without events."""
        return self._committer.head

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The policies that were known at that position, or are known now."""
        policies = self._committer.policies
        return policies if upto is None else policies.known_at(upto)

    def on_commit(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Have this called with the new head after each commit, on the committer's thread.

        It must return at once: appends wait for it. Returns what lets go of the callback.
        """
        return self._listeners.add(callback)

    def on_record(self, callback: Callable[[Sequence[RecordedEvent]], None]) -> None:
        """As ``on_commit``, with the decrypted events, and before any read answers for them."""
        self._committer.watchers.append(callback)

    def observe(self, observer: CommitObserver) -> None:
        """Report commits to this observer from now on, in place of the one before."""
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

    def _announce(self, head: int) -> None:
        self._listeners.announce(head)

    def now(self) -> int:
        """The present instant by the ledger's clock."""
        return self._clock()

    def close(self) -> None:
        """Finish what was accepted, sign it if signing is on, then close the store."""
        self.memory.remove_ledger()
        self._committer.close()
        self.transparency.close()
        self._application.close()
        self._keys.close()
