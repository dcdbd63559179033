"""Access keys and audit trails as a store keeps them: protocols, and what they hold.

Source: decision 33, a store is a seam.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from domain.errors import Corrupt
from ledger.access.scopes import Principal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

BEGINNING = "0" * 64
"""What stands in the first entry for the hash of one before."""

ORDERED = "ordered"
"""Of an entry that stands before its act."""

DONE = "done"
"""The act happened."""

REFUSED = "refused"
"""A rule said no, and nothing was done."""

FAILED = "failed"
"""The act began and did not come to its end: an error, a cancellation or an interruption."""

OUTCOMES = (DONE, REFUSED, FAILED)


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """A key without its secret. Instants are microseconds of UTC, None where there is none.

    ``ledger`` None is every ledger; ``per_minute`` None is any number of requests; ``occasions``
    is whether the feed of a calendar shows them to this key.
    """

    id: str
    name: str
    digest: bytes
    scopes: frozenset[str]
    ledger: str | None
    per_minute: int | None
    made_at: int
    expires_at: int | None
    revoked_at: int | None
    seen_at: int | None
    occasions: bool = False

    @property
    def principal(self) -> Principal:
        """The principal of this key."""
        return Principal(self.id, self.scopes, self.ledger, self.digest, self.occasions)

    def is_valid(self, at: int) -> bool:
        """Whether it opens anything at that instant."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


class AccessKeyStore(Protocol):
    """The access keys of one data folder. One thread calls at a time; other processes may write.

    Every method raises ``Corrupt`` where the store is damaged, and ``Unavailable`` where it cannot
    be used now. What is written is durable before the method returns.
    """

    def changes(self) -> int:
        """A number that is another one once another process wrote."""

    def all(self) -> list[AccessKey]:
        """Every key, revoked and expired ones too, in any order."""

    def add(self, key: AccessKey) -> None:
        """Keep a new key."""

    def set_digest(self, key_id: str, digest: bytes) -> None:
        """Give the key another secret, of which this is the digest."""

    def set_revoked(self, key_id: str, at: int) -> None:
        """The key opens nothing from that instant on."""

    def set_seen(self, key_id: str, at: int) -> None:
        """The key was used at that instant."""

    def close(self) -> None:
        """Let the store go."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One entry, numbered from 1. ``at`` is in microseconds of UTC, hashes are in hex.

    ``principal`` is the id of an access key, ``open``, ``command-line`` or ``server``; ``subject``
    says what was acted on, and ``detail`` more about it. ``outcome`` is ``ordered`` in the entry
    before the act, and one of ``OUTCOMES`` in the one after it, which names the former's number in
    ``of``.
    """

    number: int
    at: int
    principal: str
    act: str
    subject: str
    detail: Mapping[str, object]
    previous: str
    hash: str
    outcome: str = ORDERED
    of: int | None = None

    def is_sound(self) -> bool:
        """Whether its outcome and its ``of`` can stand together."""
        if self.of is None:
            return self.outcome == ORDERED
        return self.outcome in OUTCOMES and 0 < self.of < self.number

    def compute_hash(self) -> str:
        """SHA-256 of the entry as JSON with sorted keys and no white space, without its hash.

        An order is hashed without ``outcome`` and ``of``, as orders were before there were any.
        """
        shown: dict[str, object] = {
            "number": self.number,
            "at": self.at,
            "principal": self.principal,
            "act": self.act,
            "subject": self.subject,
            "detail": self.detail,
            "previous": self.previous,
        }
        if self.of is not None:
            shown |= {"outcome": self.outcome, "of": self.of}
        return hashlib.sha256(canonical(shown).encode()).hexdigest()


class TrailStore(Protocol):
    """The entries of one audit trail, which are only added to. One thread calls at a time.

    Every method raises ``Corrupt`` where the store is damaged, and ``Unavailable`` where it cannot
    be used now. ``name`` is how messages call the store.
    """

    name: str

    def adding(self, told: str) -> AbstractContextManager[None]:
        """A transaction: durable at its end, and nothing where it is left by an error.

        No other process adds meanwhile. ``told`` ends the message of an error.
        """

    def newest(self) -> tuple[int, str, int] | None:
        """Number, hash and instant of the newest entry, if there is one."""

    def hash_of(self, number: int) -> str | None:
        """The hash of the entry of that number, if there is one."""

    def insert(self, entry: Act) -> None:
        """Add the entry as it is, in a transaction."""

    def entries(self, after: int, limit: int) -> list[Act]:
        """Entries numbered beyond ``after``, in order."""

    def tells_of(self, act: str, since: str | None) -> bool:
        """Whether there is such an act, after the newest of another one where that is named.

        One that was refused or failed does not count; one without an outcome does.
        """

    def close(self) -> None:
        """Let the store go."""


class TrailHeads(Protocol):
    """The newest entries that are known of the trails of one data folder. Any thread may call.

    Every method raises ``Corrupt`` or ``Unavailable`` where the store is damaged or cannot be used.
    """

    def heads(self) -> dict[str, tuple[int, str]]:
        """Of each trail that is known, the number and the hash of its newest entry."""

    def advance(self, trail: str, number: int, newest: str) -> None:
        """Note an entry, unless a later one is known."""

    def forget(self, trail: str) -> None:
        """What is known of a ledger's trail goes with the ledger."""


def canonical(value: object) -> str:
    """The value as JSON with sorted keys and no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def act_of(row: Sequence[Any], store: str) -> Act:
    """The entry of a trail that a store keeps as these columns; ``store`` names it in errors.

    Raises:
        Corrupt: it is not as it was recorded.
    """
    number, at, principal, act, subject, detail, previous, hashed, outcome, of = row
    try:
        entry = Act(
            number=number,
            at=at,
            principal=principal,
            act=act,
            subject=subject,
            detail=json.loads(detail),
            previous=previous,
            hash=hashed,
            outcome=ORDERED if of is None and outcome is None else outcome,
            of=of,
        )
        sound = entry.is_sound()
    except (ValueError, TypeError):
        sound = False
    if not sound:
        raise Corrupt(f"{store}: entry {number} of the audit trail is not as recorded")
    return entry
