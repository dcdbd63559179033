"""The files in the folder of a backup, and the list that describes them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.errors import Corrupt, Invalid
from domain.kinds import MAX_WHOLE
from ledger.stores.access import BEGINNING, Act

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LIST = "backup.json"
LEDGERS = "ledgers"
SERVER_TRAIL = "server.trail.jsonl"
ARCHIVE = LEDGERS + "/{name}.tar.gz"
TRAIL = LEDGERS + "/{name}.trail.jsonl"
VERSION = 1

MOST_BYTES = 1024 * 1024
"""How long the list, and an entry of a trail, may be: far longer than any that is written."""

_TYPES = {
    "number": int, "at": int, "principal": str, "act": str, "subject": str, "detail": dict,
    "previous": str, "hash": str,
}  # fmt: skip
_OUTCOME_TYPES = {**_TYPES, "outcome": str, "of": int}
"""An order is written without these, as before outcomes were recorded."""


@dataclass(frozen=True, kw_only=True)
class TrailCopy:
    """How far a trail had come: the number of its newest entry and that entry's hash."""

    entries: int = 0
    newest: str = BEGINNING


@dataclass(frozen=True, kw_only=True)
class LedgerCopy:
    """One ledger of a backup. ``sums`` names its archive: SHA-256 of its digests, in hex.

    ``erased_since`` are contacts who were erased after ``position``, while it was backed up: their
    erasure is not in the archive, and their keys need not be.
    """

    name: str
    origin: str
    position: int
    root: str
    sums: str
    keys: bool
    archived: bool
    erased_since: tuple[str, ...]
    trail: TrailCopy


@dataclass(frozen=True, kw_only=True)
class Backup:
    """The list of a backup."""

    made_at: str
    made_by: str
    ledgers: tuple[LedgerCopy, ...]

    def to_bytes(self) -> bytes:
        """The content of the file."""
        shown = {"backup": VERSION, **asdict(self)}
        return (json.dumps(shown, indent=2) + "\n").encode()

    @classmethod
    def read(cls, folder: Path) -> Backup:
        """The list in the folder of a backup.

        Raises:
            Invalid: there is none: the folder is no backup, or one that never ended.
            Corrupt: it is not what a backup writes.
        """
        try:
            with (folder / LIST).open("rb") as file:
                values = json.loads(_check_length(file.read(MOST_BYTES + 1)))
            if values.pop("backup") != VERSION:
                raise Corrupt(f"{folder / LIST} was written by a newer Rapport")
            ledgers = tuple(_ledger(one) for one in values.pop("ledgers"))
            found = cls(ledgers=ledgers, **values)
            if any(one.name.strip("abcdefghijklmnopqrstuvwxyz0123456789-") for one in ledgers):
                raise ValueError("no name")
        except FileNotFoundError:
            raise Invalid.at("", "malformed", f"{folder} is no backup: it has no {LIST}") from None
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise Corrupt(f"{folder / LIST} is damaged: {error}") from None
        return found


def _ledger(values: dict[str, Any]) -> LedgerCopy:
    erased = tuple(str(UUID(contact)) for contact in values["erased_since"])
    return LedgerCopy(**{**values, "erased_since": erased, "trail": TrailCopy(**values["trail"])})


def trail_lines(acts: Iterable[Act]) -> Iterator[bytes]:
    """A trail as lines of JSON, one entry each, as they were recorded."""
    for act in acts:
        shown = asdict(act)
        if act.of is None:
            del shown["outcome"], shown["of"]
        yield json.dumps(shown, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def read_trail(path: Path, copy: TrailCopy) -> Iterator[Act]:
    """The entries in a file of lines, which must be those that the backup counted.

    Raises:
        Corrupt: they are others.
    """
    count, newest = 0, BEGINNING
    with path.open("rb") as file:
        while line := file.readline(MOST_BYTES + 1):
            act, before = _act(line, path), newest
            count, newest = count + 1, act.hash
            if (act.number, act.previous, act.compute_hash()) != (count, before, act.hash):
                raise Corrupt(f"{path.name}: entry {count} is not as recorded")
            yield act
    if (count, newest) != (copy.entries, copy.newest):
        raise Corrupt(f"{path.name} ends elsewhere than the backup says: it was cut or added to")


def _act(line: bytes, path: Path) -> Act:
    try:
        values = json.loads(_check_length(line))
        types = {name: type(value) for name, value in values.items()}
        if types not in (_TYPES, _OUTCOME_TYPES):
            raise ValueError("other fields")
        if not 0 <= values["at"] <= MAX_WHOLE:
            raise ValueError("no instant")
        if not all(value.isprintable() for value in values.values() if isinstance(value, str)):
            raise ValueError("what cannot be printed")  # a terminal would obey it
        act = Act(**values)
        act.compute_hash()  # which not every text has
        if not act.is_sound():
            raise ValueError("an outcome of nothing")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Corrupt(f"{path.name} is damaged: {error}") from None
    return act


def _check_length(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise ValueError("too long")
    return content
