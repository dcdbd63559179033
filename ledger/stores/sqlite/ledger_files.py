"""The files of one ledger, opened to be read only, in pages that hold nothing up."""

from __future__ import annotations

from contextlib import ExitStack, closing
from threading import RLock
from typing import TYPE_CHECKING, Any, NoReturn

from ledger.stores.sqlite.connections import APPLICATION_ID as EVENTS_ID
from ledger.stores.sqlite.connections import connect_to_read, require_ours
from ledger.stores.sqlite.data_keys import APPLICATION_ID as KEYS_ID
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.signing_keys import SigningKeys
from ledger.stores.sqlite.transparency_log import APPLICATION_ID as LOG_ID
from ledger.stores.sqlite.verification.read_connections import reading

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ledger.stores.keys import KeyReader, SigningKeyReader

_ROWS = (
    "SELECT position, originator_id, originator_version, topic, state, event_id "
    "FROM stored_events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
)
_STREAMS_WITH = (
    "SELECT DISTINCT originator_id FROM stored_events WHERE topic = ? AND position > ? ORDER BY 1"
)
_DATA_KEYS = "SELECT contact, wrapped FROM data_keys WHERE contact > ? ORDER BY contact LIMIT ?"
_CHECKPOINTS = (
    "SELECT size, root, note, signed_at FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?"
)
_NEWEST = "SELECT size, root, note, signed_at FROM checkpoints ORDER BY size DESC LIMIT 1"
_VERIFIER_KEYS = (
    "SELECT public, made_at, retired_at FROM verifier_keys ORDER BY made_at DESC, public"
)


class KeyFileReader:
    """The keys of one ledger; raises as ``LedgerFileReader``."""

    def __init__(self, path: Path, *, at_rest: bool) -> None:
        """Open the file, as ``LedgerFileReader`` opens all."""
        self._path = path
        with ExitStack() as opened:
            self._keys = _connect(opened, path, KEYS_ID, at_rest=at_rest)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    def data_keys(self, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """A page of the contacts beyond one with their wrapped keys, by contact."""
        with ledger_errors(self._path):
            return self._keys.execute(_DATA_KEYS, (after, limit)).fetchall()

    def signing_keys(self, unwrap: Callable[[bytes, bytes], bytes]) -> SigningKeys:
        """The keys that sign the log; none can be made."""
        return SigningKeys(
            self._keys, self._path, RLock(), wrap=_no_more, unwrap=unwrap, entropy=_no_more
        )


class LedgerFileReader:
    """The events, keys and log of one ledger.

    Every method raises ``Corrupt`` where a file is damaged and ``Unavailable`` where it cannot be
    read.
    """

    def __init__(
        self, *, events: Path, log: Path, at_rest: bool, keys: Callable[[], KeyReader]
    ) -> None:
        """Open the files; ``at_rest`` without making any file beside them, also for a moment.

        ``keys`` opens the keys, wherever they are.

        Raises:
            Corrupt: one is missing or damaged.
            Unavailable: one cannot be read.
        """
        self._paths = events, log
        with ExitStack() as opened:
            self._log = _connect(opened, log, LOG_ID, at_rest=at_rest)
            self._events = _connect(opened, events, EVENTS_ID, at_rest=at_rest)
            self._keys = opened.enter_context(closing(keys()))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the files."""
        self._opened.close()

    def newest_checkpoint(self) -> tuple[int, bytes, bytes, int] | None:
        """The size, root, note and signing instant of the newest checkpoint."""
        with ledger_errors(self._paths[1]):
            found: tuple[int, bytes, bytes, int] | None = self._log.execute(_NEWEST).fetchone()
        return found

    def checkpoints(self, after_size: int, limit: int) -> list[Any]:
        """As ``newest_checkpoint``, a page of those of a tree beyond that size, by size."""
        with ledger_errors(self._paths[1]):
            return self._log.execute(_CHECKPOINTS, (after_size, limit)).fetchall()

    def verifier_keys(self) -> list[tuple[bytes, int, int | None]]:
        """Each public key of the log, when it was made and when retired; the newest first."""
        with ledger_errors(self._paths[1]):
            return self._log.execute(_VERIFIER_KEYS).fetchall()

    def rows(self, after: int, upto: int, limit: int) -> list[Any]:
        """A page of the events beyond a position up to another: their columns, in order."""
        with ledger_errors(self._paths[0]):
            return self._events.execute(_ROWS, (after, upto, limit)).fetchall()

    def streams_with(self, topic: str, after: int) -> list[bytes]:
        """The stream of each event of that topic beyond a position."""
        with ledger_errors(self._paths[0]):
            return [stream for (stream,) in self._events.execute(_STREAMS_WITH, (topic, after))]

    def data_keys(self, after: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """A page of the contacts beyond one with their wrapped keys, by contact."""
        return self._keys.data_keys(after, limit)

    def signing_keys(self, unwrap: Callable[[bytes, bytes], bytes]) -> SigningKeyReader:
        """The keys that sign the log; none can be made."""
        return self._keys.signing_keys(unwrap)


def _connect(
    opened: ExitStack, path: Path, application_id: int, *, at_rest: bool
) -> sqlite3.Connection:
    if not at_rest:
        return opened.enter_context(closing(connect_to_read(path, application_id)))
    connection = opened.enter_context(reading(path))
    require_ours(connection, path, application_id)
    return connection


def _no_more(*_: object) -> NoReturn:
    raise AssertionError("a reader makes no keys")
