"""Data keys wrapped by a master key, and those that are in use: what every store of keys shares.

A store says how wrapped keys are read, written and destroyed. Which of them are in memory, which
are new and which must not be given out any more is decided here. Encryption is AES-256-GCM.
Source: NIST SP 800-38D.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import OrderedDict
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import Corrupt, Unavailable
from ledger.master_keys import as_master_key
from ledger.stores.events import NOTHING_RECORDED
from ledger.stores.keys import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from ledger.master_keys import MasterKey

NOT_DESTROYED = ": the erasure is recorded, and its key not destroyed yet; ask again"
"""The detail of errors that kept a key in the store after its contact was erased."""

KEPT_KEYS = 50_000
"""How many unwrapped keys stay in memory; the rest is read again when needed."""

MASTER_PROOF = b"rapport master key"
"""What the master key wraps as a proof that it is the right one."""

WrappedKey = tuple[bytes, bytes]
"""The 16 bytes of a contact's id, and its key as the master key wrapped it."""


class WrappedKeys(ABC):
    """The data keys of one ledger. Any thread may read; only the committer makes keys.

    See ``ledger.stores.keys.DataKeyStore``. What a store overrides is called by one thread at a
    time, inside ``_errors``, and raises what that turns into a ``LedgerError``.
    """

    def __init__(
        self,
        master_key: MasterKey | bytes,
        *,
        entropy: Callable[[int], bytes] = os.urandom,
        most_kept: Callable[[], int] = lambda: KEPT_KEYS,
    ) -> None:
        """``most_kept`` is how many unwrapped keys stay in memory at most."""
        self._master = as_master_key(master_key, entropy)
        self._entropy = entropy
        self._most_kept = most_kept
        self._lock = RLock()
        # All by the numbers of the contacts' ids, because a UUID hashes itself in Python. A cipher
        # is made of a key in a microsecond, and takes thirteen times its memory.
        self._open: OrderedDict[int, bytes] = OrderedDict()
        self._unsaved: dict[int, bytes] = {}
        self._doomed: set[int] = set()
        self._expected: Sequence[UUID] = ()
        self._keyless: set[int] = set()

    @abstractmethod
    def _errors(self, outcome: str = "") -> AbstractContextManager[None]:
        """Raise what goes wrong inside as a ``LedgerError``; ``outcome`` ends its text."""

    @abstractmethod
    def _read_one(self, contact: bytes) -> bytes | None:
        """The wrapped key of a contact, or None where there is none."""

    @abstractmethod
    def _read(self, contacts: Sequence[bytes]) -> Iterable[WrappedKey]:
        """The keys of those of the contacts that have one."""

    @abstractmethod
    def _having(self, contacts: Sequence[bytes]) -> Iterable[bytes]:
        """Those of the contacts that have a key."""

    @abstractmethod
    def _add(self, keys: Sequence[WrappedKey]) -> Iterable[WrappedKey]:
        """Make the new keys durable, in one transaction.

        Where some of the contacts have a key already, none of theirs is replaced: then the keys of
        all are answered as they are stored.
        """

    @abstractmethod
    def _try(self) -> None:
        """Commit what changes nothing, to find out whether that works."""

    @abstractmethod
    def _list(self) -> list[UUID]:
        """Every contact whose key was destroyed."""

    @abstractmethod
    def _destroy(self, contacts: Sequence[bytes], at: int) -> int:
        """Delete the keys of these contacts and list them, in one transaction; how many there were.

        Afterwards the store has the bytes nowhere any more, as far as that is in its power.
        """

    @abstractmethod
    def _adopt(self, keys: Iterable[WrappedKey]) -> None:
        """Add keys in one transaction, but those of contacts whose keys were destroyed."""

    @abstractmethod
    def _close(self) -> None:
        """Let the store go."""

    def _opens(self, proof: bytes) -> bool:
        """Whether the master key is the one by which this proof was made."""
        try:
            self._master.unwrap(proof, b"")
        except InvalidTag:
            return False
        return True

    def key(self, contact_id: UUID) -> AESGCM | None:
        """The contact's key, or None where there is none: never made, or destroyed.

        Raises:
            Corrupt: the stored key is damaged, or the store is.
            Unavailable: it cannot be read now.
        """
        number = contact_id.int
        with self._lock:
            if (known := self._open.get(number)) is not None:
                self._open.move_to_end(number)
                return AESGCM(known)
            return self._read_key(contact_id)

    def _read_key(self, contact_id: UUID, outcome: str = "") -> AESGCM | None:
        number = contact_id.int
        if number in self._doomed:
            return None
        with self._errors(outcome):
            wrapped = self._read_one(contact_id.bytes)
        if wrapped is None:
            return None
        return self._remember(number, self._unwrap(wrapped, contact_id.bytes))

    def _unwrap(self, wrapped: bytes, contact: bytes) -> bytes:
        try:
            return self._master.unwrap(wrapped, contact)
        except InvalidTag:
            detail = f"the data key of contact {UUID(bytes=contact)} is damaged"
            raise Corrupt(detail) from None

    def read_together(self, contact_ids: Sequence[UUID]) -> None:
        """Read the keys of these contacts with one question, so that ``key`` need not ask for each.

        A damaged one is left for ``key`` to raise.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: they cannot be read now.
        """
        with self._lock, self._errors():
            there, doomed = self._open, self._doomed
            unread = [
                one.bytes for one in contact_ids if one.int not in there and one.int not in doomed
            ]
            for contact, wrapped in self._read(unread) if unread else ():
                with suppress(InvalidTag):
                    plain = self._master.unwrap(wrapped, contact)
                    self._remember(int.from_bytes(contact), plain)

    def expect(self, contact_ids: Sequence[UUID]) -> None:
        """Say who may well have no key yet: they are looked up together, once one is asked for."""
        with self._lock:
            self._expected, self._keyless = contact_ids, set()

    def encryption_key(self, contact_id: UUID) -> AESGCM:
        """The contact's key, a new one if need be; ``save`` makes new ones durable."""
        number = contact_id.int
        with self._lock:
            if (known := self._open.get(number)) is not None:
                self._open.move_to_end(number)
                return AESGCM(known)
            if self._expected:
                self._look_up_expected()
            if number in self._keyless:
                self._keyless.discard(number)
            elif (cipher := self._read_key(contact_id, NOTHING_RECORDED)) is not None:
                return cipher
            plain = self._unsaved.setdefault(number, self._entropy(KEY_BYTES))
            return self._remember(number, plain)

    def _look_up_expected(self) -> None:
        expected, self._expected = self._expected, ()
        with self._errors(NOTHING_RECORDED):
            known = {*self._having([one.bytes for one in expected])}
        self._keyless.update(one.int for one in expected if one.bytes not in known)

    def _remember(self, number: int, plain: bytes) -> AESGCM:
        self._open[number] = plain
        most_kept = max(self._most_kept(), 1)
        while len(self._open) > most_kept:
            self._open.popitem(last=False)
        return AESGCM(plain)

    def save(self) -> None:
        """Make every new key durable, in one transaction: before the events that need them.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: they could not be written; they are kept for the next try.
        """
        with self._lock, self._errors(NOTHING_RECORDED):
            if not self._unsaved:
                return
            keys: list[WrappedKey] = []
            for number, plain in self._unsaved.items():
                contact = number.to_bytes(16)
                keys.append((contact, self._master.wrap(plain, contact)))
            others = [
                number
                for contact, wrapped in self._add(keys)
                if self._unwrap(wrapped, contact)
                != self._unsaved[number := int.from_bytes(contact)]
            ]
            if others:
                # Somebody else made keys for them: those are read when they are asked for again.
                for number in others:
                    del self._unsaved[number]
                    self._open.pop(number, None)
                raise Unavailable(f"keys were made elsewhere meanwhile{NOTHING_RECORDED}")
            self._unsaved.clear()

    def try_saving(self) -> None:
        """Find out whether a new key could be made durable now, without making one.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: it could not: the store cannot be written, or the master key not be asked.
        """
        with self._lock, self._errors(NOTHING_RECORDED):
            self._master.wrap(MASTER_PROOF, b"")
            self._try()

    def erasure_list(self) -> list[UUID]:
        """Every contact whose key was destroyed here, whether or not the events say so.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: it cannot be read now.
        """
        with self._lock, self._errors():
            return self._list()

    def destroy(self, contact_ids: Iterable[UUID], at: int) -> int:
        """Make the keys of these contacts unreadable forever, here and in memory.

        How many of them had one. From the first moment on none is given out any more, whatever
        becomes of the store. The contacts are listed in the same transaction, with the instant
        ``at``, in microseconds of UTC.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: it could not be written, or another process is reading it; ask again.
        """
        doomed = {contact_id.int for contact_id in contact_ids}
        with self._lock, self._errors(NOT_DESTROYED):
            self._doomed |= doomed
            for number in doomed:
                self._open.pop(number, None)
                self._unsaved.pop(number, None)
            count = self._destroy([number.to_bytes(16) for number in doomed], at)
            self._doomed -= doomed
            return count

    def adopt(self, keys: Iterable[tuple[UUID, bytes]]) -> None:
        """Take over keys that were made elsewhere, in one transaction.

        Those of contacts whose keys were destroyed here are left out.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: they could not be written; none was.
        """
        with self._lock, self._errors():
            self._adopt(
                (contact_id.bytes, self._master.wrap(plain, contact_id.bytes))
                for contact_id, plain in keys
            )

    def close(self) -> None:
        """Let the store go, and forget every key."""
        with self._lock:
            self._open.clear()
            self._close()
