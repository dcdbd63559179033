"""One ledger read beside the process that writes it, in pages that hold nothing up."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from ledger.stores.postgresql.connections import Database
from ledger.stores.postgresql.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.stores.keys import KeyReader, SigningKeyReader
    from ledger.stores.postgresql.places import Place
    from ledger.stores.reading import CheckpointColumns, EventColumns

ROWS = (
    "SELECT position, uuid_send(originator_id), originator_version, topic, state, "
    "uuid_send(event_id) FROM {events} WHERE position > %s AND position <= %s "
    "ORDER BY position LIMIT %s"
)
_STREAMS_WITH = (
    "SELECT DISTINCT uuid_send(originator_id) FROM {events} WHERE topic = %s AND position > %s "
    "ORDER BY 1"
)
_CHECKPOINTS = (
    "SELECT size, root, note, signed_at FROM {checkpoints} WHERE size > %s ORDER BY size LIMIT %s"
)
_NEWEST = "SELECT size, root, note, signed_at FROM {checkpoints} ORDER BY size DESC LIMIT 1"
_VERIFIER_KEYS = (
    "SELECT public, made_at, retired_at FROM {verifier_keys} ORDER BY made_at DESC, public"
)


class PostgresqlReader:
    """The events and log in the database, and the keys where they are.

    See ``ledger.stores.reading.LedgerReader``.
    """

    def __init__(self, place: Place, keys: KeyReader) -> None:
        self._place = place
        with ExitStack() as opened:
            self._keys = opened.enter_context(closing(keys))
            self._database = opened.enter_context(Database(place.url))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Let all of it go."""
        self._opened.close()

    def newest_checkpoint(self) -> CheckpointColumns | None:
        """The newest checkpoint; None where there is none."""
        rows = self._rows(_NEWEST)
        return rows[0] if rows else None

    def checkpoints(self, after_size: int, limit: int) -> Sequence[CheckpointColumns]:
        """A page of the checkpoints of trees beyond that size, by size."""
        return self._rows(_CHECKPOINTS, after_size, limit)

    def verifier_keys(self) -> Sequence[tuple[bytes, int, int | None]]:
        """Each public key of the log, when it was made and when retired; the newest first."""
        return self._rows(_VERIFIER_KEYS)

    def rows(self, after: int, upto: int, limit: int) -> Sequence[EventColumns]:
        """A page of the events beyond a position up to another, in order."""
        return self._rows(ROWS, after, upto, limit)

    def streams_with(self, topic: str, after: int) -> Sequence[bytes]:
        """The streams of the events of that topic beyond a position, each once, sorted."""
        return [stream for (stream,) in self._rows(_STREAMS_WITH, topic, after)]

    def data_keys(self, after: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """A page of the contacts beyond one with their wrapped keys, by contact."""
        return self._keys.data_keys(after, limit)

    def signing_keys(self, unwrap: Callable[[bytes, bytes], bytes]) -> SigningKeyReader:
        """The keys that sign the log; ``unwrap`` opens what is wrapped, with its context."""
        return self._keys.signing_keys(unwrap)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        for table in ("events", "checkpoints", "verifier_keys"):
            statement = statement.replace(f"{{{table}}}", self._place.table(table))
        with ledger_errors(self._place.name):
            return self._database.rows(statement, *values)
