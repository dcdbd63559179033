"""A move of all ledgers of a data folder: copy, catch up, stop, switch.

While it copies, the ledgers are served as before. Once everything is copied it waits for the lock
of the folder, and catches up meanwhile; with the lock it copies the rest, notes that it switches,
and exchanges the stores. Whenever it is cut off, the same move continues: before that note with the
copy, after it with the exchange, each step of which can be done again. From the note until the end
neither store is served.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from ledger.access.orders import Order
from ledger.access.scopes import COMMAND_LINE
from ledger.access.trails import Trails
from ledger.data_layout import LOCK_FILE, FolderUnusable, unusable
from ledger.files import FolderInUse, FolderLock
from ledger.followers_lock import await_followers
from ledger.moving.ledger_copy import LedgerCopy, copy_trail
from ledger.moving.state import MoveState, forget_move, read_move, write_move
from ledger.rotation import finish_rotation
from ledger.stores.access import DONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ledger.access.trail import AuditTrail
    from ledger.clock import Clock
    from ledger.stores.moving import MoveEnd
    from ledger.stores.store import Store

LEDGERS_MOVED = "ledgers-moved"
"""The act of exchanging the store of all ledgers for another one."""

MOVE_LOCK = "move.lock"

LOOK_SECONDS = 0.1
"""How often is looked whether the server has let the folder go."""


@dataclass(frozen=True, kw_only=True)
class MoveResult:
    """What a move came to. ``ledgers`` has how many events each has, ``still`` is in seconds."""

    move: UUID
    to: str
    ledgers: Mapping[str, int]
    still: float


@dataclass(frozen=True)
class MoveObserver:
    """Who wants to know how a move gets on."""

    copied: Callable[[str, int], object] = lambda _name, _position: None
    """Hears the name of a ledger and how far the copy is."""

    ready: Callable[[FolderInUse], object] = lambda _error: None
    """Hears once that everything is copied and another process has the folder."""


def move_ledgers(
    folder: Path,
    source: MoveEnd,
    target: MoveEnd,
    *,
    clock: Clock,
    finishes_rotation: bool,
    observer: MoveObserver | None = None,
) -> MoveResult:
    """Move all ledgers of a data folder from the store ``source`` to the store ``target``.

    ``finishes_rotation`` says that the folder keeps its master key itself.

    Raises:
        FolderInUse: another move of the folder is under way.
        FolderUnusable: the folder or the database cannot be what it is to be.
        Corrupt: a ledger is damaged, or a copy is not exact.
        Unavailable: something cannot be read or written now: do it again.
    """
    try:
        lock = FolderLock(folder / MOVE_LOCK, does="is being moved by")
    except OSError as error:
        raise unusable(folder, error) from error
    try:
        state = read_move(folder)
        if state is not None and state.switching and state.to != target.kind:
            raise FolderUnusable(
                f"a move to {state.to} was cut off while it switched: complete that one first"
            )
        moving = _Moving(folder, source, target, clock, observer or MoveObserver())
        if state is not None and state.switching:
            return moving.continue_switching(state)
        if state is None or state.to != target.kind:
            state = MoveState(move=uuid4(), to=target.kind)
        return moving.run(state, finishes_rotation=finishes_rotation)
    finally:
        lock.release()


class _Moving:
    def __init__(
        self, folder: Path, source: MoveEnd, target: MoveEnd, clock: Clock, observer: MoveObserver
    ) -> None:
        self._folder = folder
        self._source = source
        self._target = target
        self._clock = clock
        self._observer = observer
        self._copies: dict[str, LedgerCopy] = {}

    def run(self, state: MoveState, *, finishes_rotation: bool) -> MoveResult:
        self._source.require_served()
        write_move(self._folder, state)
        self._target.copies.receive(state.move)
        with ExitStack() as held:
            held.callback(self._close_copies)
            self._catch_up()
            lock = self._hold(self._catch_up)
            held.callback(lock.release)
            since = time.monotonic()
            await_followers(self._folder)
            if finishes_rotation:
                finish_rotation(self._folder, self._source.store)
            order = self._order(self._source.store, self._copies)
            with order:
                with self._source.fence():
                    self._catch_up()
                    state = self._prepare(state)
                order.leave_open()
            self._switch(state)
            self._conclude(order)
            return self._result(state, since)

    def continue_switching(self, state: MoveState) -> MoveResult:
        lock = self._hold(lambda: None)
        since = time.monotonic()
        try:
            self._switch(state)
            self._conclude(self._order(self._target.store, state.ledgers))
        finally:
            lock.release()
        return self._result(state, since)

    def _catch_up(self) -> None:
        """Copy what is new in every ledger, and forget those that are gone."""
        names = self._source.store.ledger_names()
        for name in {*self._copies, *self._target.copies.names()} - {*names}:
            if (copy := self._copies.pop(name, None)) is not None:
                copy.close()
            self._target.copies.drop(name)
        for name in names:
            source = self._source.store.ledger(name)
            copy = self._copies.get(name)
            if copy is not None and source.log_origin() != copy.origin:
                copy.close()
                copy = None
            if copy is None:
                copy = self._copies[name] = LedgerCopy(name, source, self._target.copies)
            copy.catch_up(partial(self._observer.copied, name))

    def _hold(self, meanwhile: Callable[[], object]) -> FolderLock:
        """The lock of the folder, once who serves it lets it go."""
        told = False
        while True:
            try:
                return FolderLock(self._folder / LOCK_FILE)
            except FolderInUse as error:
                if not told:
                    told = True
                    self._observer.ready(error)
            meanwhile()
            time.sleep(LOOK_SECONDS)

    def _prepare(self, state: MoveState) -> MoveState:
        """Copy what is of the server, and note that the stores are exchanged from now on."""
        for copy in self._copies.values():
            copy.require_same()
            copy.copy_webhooks()
        self._close_copies()
        copy_server(self._source.store, self._target.copies.store)
        self._target.copies.flush()
        ledgers = self._source.identities()
        if ledgers is None:
            ledgers = self._target.copies.identities()
        assert ledgers is not None, "one of the two stores is a database"
        state = MoveState(move=state.move, to=state.to, switching=True, ledgers=ledgers)
        write_move(self._folder, state)
        return state

    def _switch(self, state: MoveState) -> None:
        self._source.put_aside(state.move, state.ledgers)
        self._target.take(state.move, state.ledgers)
        self._target.complete(state.move)
        forget_move(self._folder)

    def _order(self, store: Store, names: Iterable[str]) -> Order:
        trail, to = self._trail(store), self._target.kind
        return Order(trail, COMMAND_LINE, LEDGERS_MOVED, to, ledgers=sorted(names))

    def _conclude(self, order: Order) -> None:
        order.moved_to(self._trail(self._target.store))
        order.end(DONE)

    def _trail(self, store: Store) -> Callable[[], AbstractContextManager[AuditTrail]]:
        @contextmanager
        def open_trail() -> Iterator[AuditTrail]:
            with closing(Trails(store, self._clock)) as trails:
                yield trails.server()

        return open_trail

    def _result(self, state: MoveState, since: float) -> MoveResult:
        positions: dict[str, int] = {}
        for name in state.ledgers:
            with self._target.store.ledger(name).events_beside() as events, events.errors():
                positions[name] = events.max_notification_id() or 0
        return MoveResult(
            move=state.move, to=state.to, ledgers=positions, still=time.monotonic() - since
        )

    def _close_copies(self) -> None:
        for copy in self._copies.values():
            copy.close()


def copy_server(source: Store, target: Store) -> None:
    """Copy the access keys, the server's trail and what is known of all trails.

    Raises:
        Corrupt: something is damaged, or an older copy does not fit.
        Unavailable: it could not be read or written.
    """
    if source.has_access_keys():
        with (
            closing(source.open_access_keys()) as theirs,
            closing(target.open_access_keys()) as ours,
        ):
            known = {key.id: key for key in ours.all()}
            for key in theirs.all():
                if key.id not in known:
                    ours.add(key)
                elif key != known[key.id]:
                    ours.set_digest(key.id, key.digest)
                    if key.revoked_at is not None:
                        ours.set_revoked(key.id, key.revoked_at)
                    if key.seen_at is not None:
                        ours.set_seen(key.id, key.seen_at)
    if source.has_trail():
        with closing(source.open_trail()) as trail, closing(target.open_trail()) as copy:
            copy_trail(trail, copy, "the server")
    heads = target.trail_heads()
    for name, (number, newest) in source.trail_heads().heads().items():
        heads.forget(name)
        heads.advance(name, number, newest)
