"""What the library's errors mean: the one place that turns them into errors of ours."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eventsourcing.persistence import ConnectionPoolClosedError, PersistenceError

from domain.errors import DISK_FULL, NO_PERMISSION, Corrupt, LedgerError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_REFUSED = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})

_HELD = "is locked by another program"
_UNAVAILABLE = {
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk is full or fails",
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_PROTOCOL: _HELD,
    sqlite3.SQLITE_READONLY: NO_PERMISSION,
    sqlite3.SQLITE_CANTOPEN: NO_PERMISSION,
    sqlite3.SQLITE_PERM: NO_PERMISSION,
    sqlite3.SQLITE_NOMEM: "cannot be read or written: there is no memory left",
}

_SAYS_NOTHING_OF_THE_CONTENT = frozenset(
    {*_UNAVAILABLE, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_INTERRUPT}
)


def to_ledger_error(error: BaseException, file: Path | str, outcome: str = "") -> LedgerError:
    """The error for a caller of the ledger: it says what to do, and nothing of the content.

    ``file`` is named with its folder, which is the ledger's. ``outcome`` ends the text.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, sqlite3.Error):
        if isinstance(cause, LedgerError):
            return cause
        cause = cause.__cause__ or next((a for a in cause.args if isinstance(a, Exception)), None)
    code = _code(cause)
    name = f"{Path(file).parent.name}/{Path(file).name}"
    if code in _DAMAGED:
        return Corrupt(f"{name} is damaged or no database: restore it from a backup")
    if isinstance(error, ConnectionPoolClosedError) or _is_closed(cause):
        return Unavailable(f"the ledger is closed{outcome}")
    if isinstance(cause, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return LedgerError(f"a statement to {name} is wrong: {cause}")  # a fault of ours
    why = f"{name} failed"
    if code in _FULL:
        why = f"the disk that holds {name} is full or failing"
    elif code in _LOCKED:
        why = f"another program holds {name}"
    elif code in _REFUSED:
        why = f"{name} cannot be opened or written: check its permissions"
    return Unavailable(why + outcome)


@contextmanager
def ledger_errors(file: Path | str, outcome: str = "") -> Iterator[None]:
    """Raise the errors of the library as errors of ours.

    Raises:
        Corrupt: the file is damaged.
        Unavailable: it cannot be read or written now.
    """
    try:
        yield
    except (PersistenceError, ConnectionPoolClosedError, sqlite3.Error) as error:
        raise to_ledger_error(error, file, outcome) from error


def derived_file_error(error: BaseException, name: str) -> LedgerError | None:
    """The error for a file of that name that can be built again; None where it is a bug of ours.

    What other code raised because of an error of the library is looked through: what matters is
    what became of the file.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, sqlite3.Error):
        cause = cause.__cause__
    if cause is None:
        return None
    code = _code(cause)
    if code in _DAMAGED:
        return Corrupt(f"{name} is damaged")
    return Unavailable(f"{name} {_UNAVAILABLE[code]}") if code in _UNAVAILABLE else None


def damage(error: sqlite3.Error, path: Path) -> str:
    """What an error says of the content of the file, where a table may be missing too.

    Raises:
        Unavailable: it says nothing of the content: the file cannot be read now.
    """
    if _code(error, sqlite3.SQLITE_ERROR) in _SAYS_NOTHING_OF_THE_CONTENT:
        raise to_ledger_error(error, path) from error
    return f"it cannot be read: {error}"


def _code(error: BaseException | None, unknown: int = 0) -> int:
    """The primary result code. Above the lowest byte stands which kind of the trouble it is."""
    code: int = getattr(error, "sqlite_errorcode", unknown)
    return code & 0xFF


def _is_closed(cause: BaseException | None) -> bool:
    # SQLite has no code of its own for it; a wrong parameter is a ProgrammingError too.
    return isinstance(cause, sqlite3.ProgrammingError) and "closed database" in str(cause)
