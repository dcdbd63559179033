"""Access keys: made here, shown once, kept as digests only.

They lie in a store of their own, beside the ledgers and apart from them. Several
processes may have it open: a key that a command makes or revokes holds for a running server within
``FRESH_SECONDS``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING

from domain.errors import Invalid, KeyNotFound, LedgerError, Unauthenticated
from domain.instants import SECOND
from domain.kinds import Text
from domain.text import NAME
from ledger.access.scopes import CALENDAR, KEY_SCOPES
from ledger.stores.access import AccessKey

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ledger.access.scopes import Principal
    from ledger.stores.access import AccessKeyStore

FRESH_SECONDS = 1.0
"""For how long what was read may be relied upon."""

SEEN_EVERY = 60 * SECOND
"""How finely the last use of a key is noted."""

KEY_NAME = Text(100, NAME)
MOST_PER_MINUTE = 1_000_000

_SECRET = re.compile(r"rk_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")


class AccessKeys:
    """The access keys of one data folder. Any thread may call."""

    def __init__(
        self,
        store: AccessKeyStore,
        clock: Callable[[], int],
        *,
        fresh_seconds: float | None = None,
    ) -> None:
        """The keys in the store. What was read is relied upon for ``fresh_seconds``.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: it cannot be read.
        """
        self._store = store
        self._clock = clock
        self._fresh_seconds = FRESH_SECONDS if fresh_seconds is None else fresh_seconds
        self._lock = RLock()
        self._known: dict[str, AccessKey] = {}
        self._changes = -1
        self._looked_at = 0.0
        self._refresh(at_once=True)

    def look_again(self) -> None:
        """Read the keys again, if another process has changed them.

        Raises:
            Corrupt: the store is damaged.
            Unavailable: it cannot be read.
        """
        with self._lock:
            self._looked_at = 0.0
            self._refresh()

    def is_limited(self, secret: str) -> bool:
        """Whether the requests with that secret are counted, right or not: by the id in it."""
        match = _SECRET.fullmatch(secret)
        with self._lock:
            key = self._known.get(match[1]) if match else None
        return key is not None and key.per_minute is not None

    def is_open(self) -> bool:
        """Whether no key was ever made, and so nobody is asked for one."""
        with self._lock:
            self._refresh()
            return not self._known

    def all(self) -> list[AccessKey]:
        """Every key, revoked and expired ones too, in the order in which they were made."""
        with self._lock:
            self._refresh(at_once=True)
            keys = list(self._known.values())
        return sorted(keys, key=lambda key: (key.made_at, key.id))

    def find(self, key_id: str) -> AccessKey:
        """The key of that id.

        Raises:
            KeyNotFound: there is none.
        """
        for key in self.all():
            if key.id == key_id:
                return key
        raise KeyNotFound("no access key has that id; the list of keys shows their ids")

    def authenticate(self, secret: str) -> AccessKey:
        """The key of that secret.

        Raises:
            Unauthenticated: it is none, or one that was revoked or has expired.
        """
        match = _SECRET.fullmatch(secret)
        with self._lock:
            self._refresh()
            key = self._known.get(match[1]) if match else None
        digest = hashlib.sha256(secret.encode()).digest()
        # A secret whose id is unknown takes as long as a wrong one.
        right = hmac.compare_digest(digest, key.digest if key else bytes(len(digest)))
        now = self._clock()
        if key is None or not right or not key.is_valid(now):
            raise Unauthenticated("the access key is unknown, revoked or expired")
        self._note_use(key, now)
        return key

    def still_opens(self, principal: Principal) -> bool:
        """Whether a secret that was accepted for that key a while ago would be accepted now."""
        with self._lock:
            self._refresh()
            key = self._known.get(principal.id)
        if key is None or not hmac.compare_digest(key.digest, principal.digest):
            return False
        return key.is_valid(self._clock())

    def require_possible(
        self,
        name: str,
        scopes: Collection[str],
        *,
        expires_at: int | None = None,
        per_minute: int | None = None,
        occasions: bool = False,
    ) -> None:
        """Refuse what can be no key: before it is recorded that one is made.

        Raises:
            Invalid: a name, a scope or a number cannot be, or they contradict each other.
        """
        try:
            KEY_NAME.read(name)
        except Invalid as error:
            raise error.within("/name") from None
        if not scopes or not set(scopes) <= set(KEY_SCOPES):
            raise Invalid.at("/scopes", "not-a-choice", f"must be some of {', '.join(KEY_SCOPES)}")
        if CALENDAR in scopes and len(set(scopes)) > 1:
            raise Invalid.at("/scopes", "contradiction", "a key for a calendar is for nothing else")
        if occasions and CALENDAR not in scopes:
            detail = "goes with the scope calendar: other keys read or do not read the agenda"
            raise Invalid.at("/occasions", "contradiction", detail)
        if per_minute is not None and not 1 <= per_minute <= MOST_PER_MINUTE:
            detail = f"must be from 1 to {MOST_PER_MINUTE}"
            raise Invalid.at("/per_minute", "out-of-range", detail)
        if expires_at is not None and expires_at <= self._clock():
            raise Invalid.at("/expires_at", "invalid-time", "must lie ahead")

    def make(
        self,
        name: str,
        scopes: Collection[str],
        *,
        ledger: str | None = None,
        expires_at: int | None = None,
        per_minute: int | None = None,
        occasions: bool = False,
    ) -> tuple[AccessKey, str]:
        """A new key and its secret, which is returned here and never again.

        Raises:
            Invalid: a name, a scope or a number cannot be.
            Unavailable: it could not be written.
        """
        self.require_possible(
            name, scopes, expires_at=expires_at, per_minute=per_minute, occasions=occasions
        )
        now = self._clock()
        key_id, secret = _secret(secrets.token_hex(8))
        key = AccessKey(
            id=key_id,
            name=KEY_NAME.read(name),
            digest=hashlib.sha256(secret.encode()).digest(),
            scopes=frozenset(scopes),
            ledger=ledger,
            per_minute=per_minute,
            made_at=now,
            expires_at=expires_at,
            revoked_at=None,
            seen_at=None,
            occasions=occasions,
        )
        self._write(partial(self._store.add, key))
        return key, secret

    def rotate(self, key_id: str) -> tuple[AccessKey, str]:
        """The key with a new secret; the old one opens nothing any more.

        Raises:
            KeyNotFound: there is none of that id, or it was revoked.
            Unavailable: it could not be written; the old secret still holds.
        """
        key = self.find(key_id)
        if key.revoked_at is not None:
            raise KeyNotFound("the access key was revoked: make a new one")
        _, secret = _secret(key_id)
        digest = hashlib.sha256(secret.encode()).digest()
        self._write(partial(self._store.set_digest, key_id, digest))
        return replace(key, digest=digest), secret

    def revoke(self, key_id: str) -> AccessKey:
        """The key, which opens nothing from now on; one that was revoked stays as it is.

        Raises:
            KeyNotFound: there is none of that id.
            Unavailable: it could not be written; the key still holds.
        """
        key = self.find(key_id)
        if key.revoked_at is None:
            revoked_at = self._clock()
            self._write(partial(self._store.set_revoked, key_id, revoked_at))
            key = replace(key, revoked_at=revoked_at)
        return key

    def revoke_all_of(self, ledger: str) -> None:
        """Revoke every key that is for that ledger alone, or it would open a later one so named.

        Raises:
            Unavailable: it could not be written.
        """
        for key in self.all():
            if key.ledger == ledger and key.revoked_at is None:
                self.revoke(key.id)

    def close(self) -> None:
        """Let the store go."""
        with self._lock:
            self._store.close()

    def _note_use(self, key: AccessKey, now: int) -> None:
        """Write down the use, once a minute; what cannot be written is let go."""
        if abs(now - (key.seen_at or 0)) < SEEN_EVERY:
            return  # either way: a use noted under a clock that was ahead is not the last one
        with self._lock, suppress(LedgerError):
            self._store.set_seen(key.id, now)
            # What is known now, not what was let in: it may have been revoked or rotated since.
            self._known[key.id] = replace(self._known[key.id], seen_at=now)

    def _write(self, change: Callable[[], None]) -> None:
        with self._lock:
            change()
            self._refresh(at_once=True)

    def _refresh(self, *, at_once: bool = False) -> None:
        """Read the keys again if they may have changed."""
        now = time.monotonic()
        if not at_once and now - self._looked_at < self._fresh_seconds:
            return
        changes = self._store.changes()
        if at_once or changes != self._changes:
            self._known = {key.id: key for key in self._store.all()}
            self._changes = changes
        self._looked_at = now


def _secret(key_id: str) -> tuple[str, str]:
    """A key's id, and a secret of 256 random bits that begins with it."""
    return key_id, f"rk_{key_id}_{secrets.token_urlsafe(32)}"
