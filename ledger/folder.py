"""The data folder of one server: its lock, its master key, and a folder for every ledger.

::

    rapport.lock        names the process that holds the folder, and where it answers
    followers.lock      names the process beside that follows the ledgers, where there was one
    master.key          32 random bytes, mode 0600; wraps the contacts' data keys
    ledgers/<name>/     ledger.json, and what the store keeps in files

Whatever is made is made under another name, flushed and then renamed, so that a folder that exists
is whole, whenever the process was killed.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING
from uuid import uuid4

from domain.decisions.reasons import refusal
from domain.errors import Invalid, LedgerError
from domain.instants import format_instant
from domain.presets import PRESETS
from ledger.access.destroyed_keys import tell_of_keys
from ledger.data_layout import (
    LOCK_FILE,
    FolderUnusable,
    LedgerExists,
    is_ledger_name,
    refuse_foreign_files,
    require_ledger,
    settings_of,
    unusable,
    write_settings,
)
from ledger.files import FolderLock
from ledger.followers_lock import await_followers
from ledger.ledger import Ledger
from ledger.master_keys import as_master_key, master_key_of
from ledger.memory_budget import MemoryBudget
from ledger.rotation import finish_rotation
from ledger.settings import LOG_DOMAIN, LedgerSettings, origin_of, require_place
from ledger.subscriptions.pacing import SIGNER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Self

    from ledger.clock import Clock
    from ledger.master_keys import MasterKey
    from ledger.stores.store import LedgerStore, Store, StoreOf
    from ledger.subscriptions.pacing import Pacing

MAIN = "main"
"""The ledger that exists from the start."""


class DataFolder:
    """The ledgers of one server, which nobody else writes while it is open."""

    def __init__(
        self,
        path: Path,
        store: Store,
        lock: FolderLock,
        clock: Clock,
        master_key: MasterKey,
        *,
        log_domain: str,
        signing: bool,
        signed_elsewhere: bool,
        signer_pacing: Pacing,
        memory: MemoryBudget,
    ) -> None:
        """For ``open``."""
        self.path = path
        self.store = store
        """What the ledgers, the access keys and the audit trails are kept in."""
        self._log_domain = log_domain
        self._lock = lock
        self._clock = clock
        self._master_key = master_key
        self._signing = signing
        self._signed_elsewhere = signed_elsewhere
        self._signer_pacing = signer_pacing
        self.memory = memory
        self._ledgers: dict[str, Ledger] = {}
        self._guard = RLock()

    @classmethod
    def open(
        cls,
        path: Path,
        store_of: StoreOf,
        *,
        clock: Clock,
        master_key: MasterKey | bytes | None = None,
        log_domain: str = LOG_DOMAIN,
        make_main: bool = True,
        signing: bool = False,
        signed_elsewhere: bool = False,
        signer_pacing: Pacing = SIGNER,
        memory: MemoryBudget | None = None,
    ) -> Self:
        """Take the folder, making it and, where wanted, the ledger ``main`` on first use.

        ``store_of`` gives the store of a folder. A ``master_key`` that is given is used and never
        written down. Where the folder keeps its own, a rotation of it that was cut off is finished
        first. Logs that are begun are named under the ``log_domain``; those that there are keep
        their names. With ``signing``, the ledgers sign what is recorded, by themselves and when
        they are closed; ``signed_elsewhere`` says that another process does that.
        ``memory`` is what the caches of all of them share.

        Raises:
            FolderInUse: another process holds it.
            FolderUnusable: it holds other files, or cannot be written.
            Corrupt: its master key is missing or damaged.
        """
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            store = store_of(path)
            refuse_foreign_files(path, store)
            lock = FolderLock(path / LOCK_FILE)
        except OSError as error:
            raise unusable(path, error) from error
        try:
            store = store_of(path)  # which it may have changed before this process had the lock
            if not signed_elsewhere:
                await_followers(path)
            if master_key is None:
                finish_rotation(path, store)
            key = as_master_key(
                master_key or master_key_of(path, has_ledgers=bool(store.ledger_names()))
            )
            folder = cls(
                path,
                store,
                lock,
                clock,
                key,
                log_domain=log_domain,
                signing=signing,
                signed_elsewhere=signed_elsewhere,
                signer_pacing=signer_pacing,
                memory=memory or MemoryBudget(),
            )
            folder._prepare(make_main=make_main)
        except OSError as error:
            lock.release()
            raise unusable(path, error) from error
        except BaseException:
            lock.release()
            raise
        return folder

    def _prepare(self, *, make_main: bool) -> None:
        self.store.prepare()
        if make_main and not self.names():
            self.create(MAIN)

    def note_url(self, url: str) -> None:
        """Note where this process answers, for commands that find the folder in use.

        Raises:
            OSError: it cannot be written.
        """
        self._lock.note_url(url)

    @property
    def master_key(self) -> MasterKey:
        """What wraps the keys of every ledger here."""
        return self._master_key

    def names(self) -> list[str]:
        """The names of all ledgers, sorted."""
        return self.store.ledger_names()

    def ledger(self, name: str) -> Ledger:
        """The ledger of that name, opened when it is first asked for and then kept open.

        Raises:
            LedgerNotFound: there is none.
            Corrupt: its files are damaged, missing or not its own.
            Unavailable: they cannot be opened.
        """
        with self._guard:
            if name not in self._ledgers:
                self._ledgers[name] = tell_of_keys(self._open(name), self.store, self._clock)
                if self._signing:
                    self._ledgers[name].transparency.start()
            return self._ledgers[name]

    def create(
        self, name: str, time_zone: str | None = None, region: str | None = None
    ) -> tuple[Ledger, bool]:
        """The ledger of that name, and whether this made it; its first event is a policy.

        ``time_zone`` is an IANA name, for contacts without one of their own, and ``region`` one of
        ISO 3166, for phone numbers without a country; a ledger that exists keeps its own.

        Raises:
            Invalid: the name, the time zone or the region is none.
            Unavailable: it could not be written; nothing is left of it.
        """
        if not is_ledger_name(name):
            detail = "must be 1 to 40 of a-z, 0-9 and -, beginning with a letter"
            raise Invalid.at("/name", "wrong-type", detail)
        require_place(time_zone, region)
        with self._guard:
            if name in self.names():
                return self.ledger(name), False
            try:
                self._make(name, time_zone, region)
                return self.ledger(name), True
            except (LedgerError, OSError) as error:
                self.discard(name)
                why = error if isinstance(error, LedgerError) else unusable(self.path, error)
                raise FolderUnusable(f"the ledger {name} cannot be made: {why}") from error

    def discard(self, name: str) -> None:
        """Take back a ledger that was made just now and cannot be served; nothing is left of it."""
        with suppress(LedgerError):
            self.delete(name)

    def archive(self, name: str, archived: bool) -> bool:
        """Have a ledger take no more events and policies, or take them again; that survives a stop.

        False where it was so already.

        Raises:
            LedgerNotFound: there is none.
            Corrupt: it is damaged.
            Unavailable: it could not be written; it is as it was.
        """
        with self._guard:
            ledger = self.ledger(name)
            settings = self.settings(name)
            # Held first and let go last: what is taken in between would be taken by an archive.
            ledger.hold(_archived_refusal if archived or settings.archived else None)
            try:
                write_settings(ledger.store, replace(settings, archived=archived))
            except LedgerError:
                ledger.hold(_archived_refusal if settings.archived else None)
                raise
            ledger.hold(_archived_refusal if archived else None)
            return settings.archived != archived

    def delete(self, name: str) -> None:
        """Delete a ledger: every event, key, checkpoint and the trail of it.

        Raises:
            LedgerNotFound: there is none.
            Unavailable: it could not be renamed, and is there as before.
        """
        with self._guard:
            require_ledger(self.store, name)
            if (ledger := self._ledgers.pop(name, None)) is not None:
                ledger.close()
            self.store.remove_ledger(name)

    @contextmanager
    def adopting(self, settings: LedgerSettings, *, replace: bool = False) -> Iterator[LedgerStore]:
        """A store to fill, which then is that of the ledger of that name.

        It becomes so at once, after all of it was flushed and could be opened. With ``replace`` it
        takes the place of a ledger that contains only its first policy.

        Raises:
            LedgerExists: there is one of that name, which holds more.
            Corrupt: what was filled in is not a ledger; nothing is left of it.
            Unavailable: it could not be written; nothing is left of it.
        """
        name = settings.name
        with self._guard:
            if name in self.names() and not (replace and self.ledger(name).head() <= 1):
                raise LedgerExists(name, replace=replace)
            try:
                with self.store.unfinished_ledger() as made:
                    store = self.store.ledger(made)
                    write_settings(store, settings)
                    yield store
                    self._ledger(store, settings).close()
                    store.flush()
                    self.discard(name)
                    self.store.trail_heads().forget(name)
                    self.store.finish_ledger(made, name)
            except OSError as error:
                raise unusable(self.path, error) from error

    def settings(self, name: str) -> LedgerSettings:
        """What the ledger of that name is, whether or not it can be opened.

        Raises:
            LedgerNotFound: there is none.
            Corrupt: its file of settings is damaged or missing.
            Unavailable: it cannot be read.
        """
        return settings_of(require_ledger(self.store, name))

    def state_of(self, name: str) -> object:
        """What differs once anything that the ledger of that name needs was written or exchanged.

        Raises:
            LedgerNotFound: there is none.
        """
        return require_ledger(self.store, name).state()

    def _make(self, name: str, time_zone: str | None, region: str | None) -> None:
        settings = LedgerSettings(
            name=name,
            time_zone=time_zone,
            region=region,
            namespace=uuid4(),
            created_at=format_instant(self._clock()),
            origin=self._new_origin(name),
        )
        with self.store.unfinished_ledger() as made:
            store = self.store.ledger(made)
            write_settings(store, settings)
            try:
                ledger = self._ledger(store, settings)
                try:
                    ledger.publish_policy(PRESETS["retail"], 0).result()
                finally:
                    ledger.close()
                self.store.trail_heads().forget(name)
            except LedgerError as error:
                raise FolderUnusable(str(error).replace(made, name)) from error
            store.flush()
            self.store.finish_ledger(made, name)

    def _open(self, name: str) -> Ledger:
        store = require_ledger(self.store, name)
        settings = settings_of(store)
        store.require_parts(log=settings.origin is not None)
        if settings.origin is None:
            return self._with_log(store, settings)
        return self._ledger(store, settings)

    def _with_log(self, store: LedgerStore, settings: LedgerSettings) -> Ledger:
        """A ledger that was made before there were logs, with one.

        Its origin is written down last. Killed before that, the log that was begun is found again.
        """
        origin = store.log_origin() or self._new_origin(settings.name)
        settings = replace(settings, origin=origin)
        ledger = self._ledger(store, settings, begin_log=True)
        try:
            store.flush()
            write_settings(store, settings)
        except LedgerError:
            ledger.close()
            raise
        return ledger

    def _new_origin(self, name: str) -> str:
        return origin_of(self._log_domain, name, os.urandom(4))

    def _ledger(
        self, store: LedgerStore, settings: LedgerSettings, *, begin_log: bool = False
    ) -> Ledger:
        assert settings.origin is not None, "every ledger that is opened has a log"
        ledger = Ledger(
            store,
            name=settings.name,
            time_zone=settings.time_zone,
            region=settings.region,
            namespace=settings.namespace,
            clock=self._clock,
            master_key=self._master_key,
            origin=settings.origin,
            begin_log=begin_log,
            for_audit=settings.for_audit,
            signer_pacing=self._signer_pacing,
            signed_elsewhere=self._signed_elsewhere,
            memory=self.memory,
        )
        if settings.archived:
            ledger.hold(_archived_refusal)
        return ledger

    def close(self, last: Callable[[], object] = lambda: None) -> None:
        """Close every ledger after what it has accepted, and let the folder go.

        ``last`` is called in between, before another process may take the folder.
        """
        with self._guard:
            for ledger in self._ledgers.values():
                ledger.close()
            self._ledgers.clear()
            last()
            self._lock.release()


def _archived_refusal() -> LedgerError:
    return refusal("ledger-archived")
