"""The checkpoints that a log signed and the keys it lists, read from its file alone."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.errors import Unproven
from domain.instants import DAY
from ledger.stores.sqlite.errors import damage
from ledger.transparency import notes
from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.notes import Verifier
from ledger.verification.rules import not_signed_by_given
from ledger.verification.tree_check import Milestone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ledger.verification.faults import Report

_PAGE = 500
_SELECT = (
    "SELECT size, root, note, signed_at FROM checkpoints WHERE size >= ? AND size <= ?"
    " ORDER BY size LIMIT ?"
)
_TYPES = (int, bytes, bytes, int)


@dataclass(frozen=True)
class ListedKey:
    """A public key as the log lists it; instants in microseconds of UTC."""

    verifier: Verifier
    made_at: int
    retired_at: int | None


class SignedHistory:
    """Every checkpoint up to a size, and who signed it.

    ``size`` is that of the newest checkpoint, None where there is none, and ``keys`` are those that
    were listed then. ``given`` are the keys that the reader has from elsewhere. Where there
    are any, one of them must have signed the newest checkpoint, which vouches for all before it.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        origin: str,
        given: Sequence[Verifier],
        report: Report,
    ) -> None:
        self._connection = connection
        self._path = path
        self._origin = origin
        self._report = report
        self._given = frozenset(given)
        # Of one instant: beside a server, a key may be retired between the two.
        connection.execute("BEGIN")
        self.size = self._read_size()
        self.keys = list(self._read_keys())
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        self._verifiers = {key.verifier: None for key in self.keys} | dict.fromkeys(given)
        self._signed: Counter[Verifier] = Counter()
        self._first_at: dict[Verifier, int] = {}
        self._last_at: dict[Verifier, int] = {}
        self._newest_by: frozenset[Verifier] = frozenset()
        self._signed_at = -(2**63)

    def milestones(self) -> Iterator[Milestone]:
        """The roots that were signed, up to the ``size``; what is wrong with one is reported.

        One whose signature is wrong is left out: what it says is nobody's word. Where only the
        column of the root is wrong, the root that was signed counts.
        """
        start, upto = -(2**63), self.size or 0
        first = True
        while True:
            rows = self._rows(_SELECT, start, upto, _PAGE)
            for row in rows:
                if first and row[0] != 0:
                    self._fault(0, "the checkpoint of the empty tree, the first of all, is missing")
                first = False
                checkpoint = self._check_row(row)
                if checkpoint is not None:
                    kept = f"the checkpoint of size {checkpoint.size:,}"
                    yield Milestone(checkpoint.size, checkpoint.root, kept)
            if len(rows) < _PAGE:
                return
            start = rows[-1][0] + 1

    def holds(self, checkpoint: Checkpoint) -> bool:
        """Whether this checkpoint is among those that the log keeps."""
        rows = self._rows("SELECT root FROM checkpoints WHERE size = ?", checkpoint.size)
        return bool(rows) and rows[0][0] == checkpoint.root

    @property
    def verifiers(self) -> list[Verifier]:
        """The given keys and those that the log lists."""
        return list(self._verifiers)

    def end(self) -> None:
        """Report what is wrong with the keys, once all checkpoints were read."""
        for place, key in enumerate(self.keys):
            name = notes_name(key.verifier)
            if not self._signed[key.verifier]:
                newer = (self._signed[later.verifier] for later in self.keys[place + 1 :])
                if key.retired_at is not None or any(newer):
                    self._report.add("keys", None, f"the listed key {name} signed no checkpoint")
                else:
                    self._report.notes.append(f"the key {name} has not signed yet")
            elif key.retired_at is None and key.verifier not in self._newest_by:
                detail = f"the key {name} is not retired, and did not sign the newest checkpoint"
                self._report.add("keys", None, detail)
            elif key.retired_at not in {None, self._last_at[key.verifier]}:
                detail = f"the key {name} was not retired with the last checkpoint that it signed"
                self._report.add("keys", None, detail)
            elif key.made_at > self._first_at[key.verifier] + DAY:
                detail = f"the key {name} signed before it was made"
                self._report.add("keys", None, detail)
        if self.keys and all(key.retired_at is not None for key in self.keys):
            self._report.add("keys", None, "every listed key is retired, and none follows")
        if self._given and self._newest_by and not self._given & self._newest_by:
            listed = [key.verifier for key in self.keys if key.verifier in self._given]
            new = [verifier for verifier in listed if not self._signed[verifier]]
            detail = not_signed_by_given(older=bool(listed), newer=bool(new))
            self._report.add("checkpoints", None, detail)

    def _read_size(self) -> int | None:
        """The size of the newest checkpoint, None where there is none."""
        rows = self._rows("SELECT max(size) FROM checkpoints")
        return rows[0][0] if rows and isinstance(rows[0][0], int) else None

    def _read_keys(self) -> Iterator[ListedKey]:
        rows = self._rows(
            "SELECT public, made_at, retired_at FROM verifier_keys ORDER BY made_at, public"
        )
        if not rows:
            self._report.add("keys", None, "the log lists no key")
        for public, made_at, retired_at in rows:
            try:
                if type(made_at) is not int or type(retired_at) not in {int, type(None)}:
                    raise ValueError("no instants")
                key = Ed25519PublicKey.from_public_bytes(public)
                yield ListedKey(Verifier.of(self._origin, key), made_at, retired_at)
            except (ValueError, TypeError, Unproven):
                self._report.add("keys", None, "a listed key is none")

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The answer of the file; none, and a fault, where that is damaged."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._report.add("log.sqlite", None, damage(error, self._path))
            return []

    def _check_row(self, row: tuple[object, ...]) -> Checkpoint | None:
        size, root, content, signed_at = row
        assert isinstance(size, int)
        if not all(type(value) is kind for value, kind in zip(row, _TYPES, strict=True)):
            self._fault(size, "it holds what it cannot hold")
            return None
        assert isinstance(content, bytes)
        assert isinstance(signed_at, int)
        try:
            note = notes.verify(content, self._verifiers)
            checkpoint = Checkpoint.read(note.text)
        except Unproven as error:
            self._fault(size, str(error))
            return None
        if (checkpoint.origin, checkpoint.size, checkpoint.root) != (self._origin, size, root):
            self._fault(size, "what was signed is not what its columns say")
            if (checkpoint.origin, checkpoint.size) != (self._origin, size):
                return None
        if signed_at < self._signed_at - DAY:  # a clock may be put back, and no further
            self._fault(size, "it is said to have been signed before a smaller one")
        self._signed_at = max(signed_at, self._signed_at)
        self._remember(note, signed_at)
        self._report.checked["checkpoints"] += 1
        return checkpoint

    def _remember(self, note: notes.Note, signed_at: int) -> None:
        by = {(one.name, one.key_id) for one in note.signatures}
        signers = [key for key in self._verifiers if (key.name, key.key_id) in by]
        self._newest_by = frozenset(signers)
        for signer in signers:
            self._signed[signer] += 1
            self._first_at.setdefault(signer, signed_at)
            self._last_at[signer] = signed_at

    def _fault(self, size: int, detail: str) -> None:
        self._report.add("checkpoints", max(size, 1), f"the checkpoint of size {size:,}: {detail}")


def notes_name(verifier: Verifier) -> str:
    """A key as people are shown it: its name and its id."""
    return f"{verifier.name}+{verifier.key_id.hex()}"
