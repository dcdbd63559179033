"""One ledger copied from a store to another one, again and again, until nothing is missing.

Everything that is copied is only ever added to: events and checkpoints by position, the trail by
number. So each round begins where the copy ends, also in another process. Whether the copy is exact
is found out by reading it: a hash over every column of every event is compared with that of the
source, and the root of the tree over its events with that of the newest checkpoint.
"""

from __future__ import annotations

from contextlib import ExitStack, closing, suppress
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import Corrupt, Unavailable
from ledger.archive.layout import NAMESPACE_NOTE, SETTINGS
from ledger.codec import pack
from ledger.data_layout import SETTINGS_FILE
from ledger.moving.webhook_copy import copy_webhooks
from ledger.stores.events import Row
from ledger.stores.transparency_log import StoredCheckpoint
from ledger.transparency.entries import entry_of_row
from ledger.transparency.merkle import Frontier, leaf_hashes
from ledger.transparency.tiles import changed_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.stores.access import TrailStore
    from ledger.stores.moving import Copies
    from ledger.stores.reading import EventColumns
    from ledger.stores.store import LedgerStore
    from ledger.stores.transparency_log import TransparencyLogStore

PAGE = 2000
"""How many events, checkpoints or entries are read at once."""

_LAST = 2**62
_NOTES = (SETTINGS, NAMESPACE_NOTE)
"""Documents that only some ledgers have."""


class CopyDiffers(Corrupt):
    """A copy is not what it was copied from; it is gone, and the next try copies it again."""


class LedgerCopy:
    """The copy of one ledger, for one thread."""

    def __init__(self, name: str, source: LedgerStore, copies: Copies) -> None:
        """Begin the copy, or continue the one that is there.

        Raises:
            Unavailable: the ledger was never served since there are logs, or cannot be read.
            Corrupt: a part is damaged.
        """
        self.name = name
        self._source = source
        self._copies = copies
        origin = source.log_origin()
        if origin is None:
            raise Unavailable(f"the ledger {name} has no log yet: serve it once, and move it then")
        self.origin = origin
        if name in copies.names() and copies.ledger(name).log_origin() not in (None, origin):
            copies.drop(name)  # a ledger of that name was deleted, and another one made
        self._copy = copies.ledger(name)
        self._read_source, self._read_copy = _RowsRead(), _RowsRead()
        self._frontier = Frontier()
        self._leaves: list[bytes] = []
        with ExitStack() as opened:
            self._events = opened.enter_context(closing(copies.events(name)))
            self._opened = opened.pop_all()

    @property
    def position(self) -> int:
        """How far the events are copied."""
        return self._events.position

    def close(self) -> None:
        """Let it go; what was copied stays."""
        self._opened.close()

    def catch_up(self, advance: Callable[[int], object] = lambda _position: None) -> int:
        """Copy what is new in the ledger, and check all of it; how many events that were.

        ``advance`` hears how far the copy is.

        Raises:
            CopyDiffers: the copy is another one than the ledger.
            Corrupt: a part of the ledger is damaged.
            Unavailable: the one cannot be read now, or the other not be written.
        """
        before = self._events.position
        for document in (SETTINGS_FILE, *_NOTES):
            with suppress(*(() if document == SETTINGS_FILE else (Corrupt,))):
                self._copy.write_document(document, self._source.read_document(document))
        self._copy_events(advance)
        self._copy_log()
        self._copy_trail()
        return self._events.position - before

    def require_same(self) -> None:
        """Let pass a copy that ends where the ledger ends; nobody records in that any more.

        Raises:
            CopyDiffers: it does not, or holds something else.
        """
        with closing(self._source.read()) as reader:
            beyond = reader.rows(self._read_source.position, _LAST, 1)
        if beyond or self._events.position != self._read_source.position:
            self._throw_away()

    def copy_webhooks(self) -> None:
        """Copy who receives what happens, and what waits to be sent; nobody sends any more.

        Raises:
            Corrupt: a store of webhooks is damaged.
            Unavailable: they could not be read or written.
        """
        copy_webhooks(self._source, self._copy)

    def _copy_events(self, advance: Callable[[int], object]) -> None:
        with closing(self._source.read()) as reader:
            while rows := reader.rows(self._read_source.position, _LAST, PAGE):
                self._read_source.add(rows)
                if new := [row for row in rows if row[0] > self._events.position]:
                    self._events.add(new)
                while rows := self._events.rows(
                    self._read_copy.position, self._read_source.position, PAGE
                ):
                    self._read_copy.add(rows)
                    self._leaves += leaf_hashes(map(_entry, rows))
                if self._read_copy.digest() != self._read_source.digest():
                    self._throw_away()
                advance(self._events.position)

    def _copy_log(self) -> None:
        with ExitStack() as opened:
            source = opened.enter_context(closing(self._source.open_log(self.origin)))
            keys = source.verifier_keys()
            if self._copy.log_origin() is None:
                oldest = keys[-1]
                empty = next(iter(source.checkpoints(-1)))
                self._copy.begin_log(self.origin, (oldest.public, oldest.made_at), empty)
            copy = opened.enter_context(closing(self._copy.open_log(self.origin)))
            copy.adopt(keys, [], [])
            with closing(self._source.read()) as reader:
                while rows := reader.checkpoints(copy.newest().size, PAGE):
                    page = [StoredCheckpoint(*row) for row in rows]
                    # The others were signed since the events were read.
                    page = [one for one in page if one.size <= self._events.position]
                    if not page:
                        break
                    tiles = changed_tiles(copy.newest().size, page[-1].size)
                    copy.adopt(keys, page, ((at, source.tile(at)) for at in tiles))
            self._check_root(copy)

    def _check_root(self, copy: TransparencyLogStore) -> None:
        signed = copy.newest()
        fresh = signed.size - self._frontier.size
        if 0 <= fresh <= len(self._leaves):
            self._frontier.extend(self._leaves[:fresh])
            del self._leaves[:fresh]
            if self._frontier.root() == signed.root:
                return
        self._throw_away()

    def _copy_trail(self) -> None:
        if not self._source.has_trail():
            return
        with ExitStack() as opened:
            source = opened.enter_context(closing(self._source.open_trail()))
            copy_trail(source, opened.enter_context(closing(self._copy.open_trail())), self.name)

    def _throw_away(self) -> None:
        self.close()
        self._copies.drop(self.name)
        raise CopyDiffers(
            f"the copy of the ledger {self.name} is not what is in the ledger, and was removed: "
            "check the ledger with rapport verify, and move it again"
        )


def copy_trail(source: TrailStore, copy: TrailStore, name: str) -> None:
    """Copy the entries that are new, as they are.

    Raises:
        CopyDiffers: the copy continues from other entries.
        Corrupt: an entry is damaged.
        Unavailable: they could not be read or written.
    """
    newest = copy.newest()
    number, hashed = (newest[0], newest[1]) if newest is not None else (0, None)
    if number and source.hash_of(number) != hashed:
        raise CopyDiffers(f"the copy of the audit trail of {name} is of another trail")
    while entries := source.entries(number, PAGE):
        with copy.adding(": nothing was copied"):
            for entry in entries:
                copy.insert(entry)
        number = entries[-1].number


class _RowsRead:
    """How far rows were read, and the hash over all of them."""

    def __init__(self) -> None:
        self.position = 0
        self._hash = sha256()

    def add(self, rows: Sequence[EventColumns]) -> None:
        for row in rows:
            self._hash.update(pack(list(row)))
        self.position = rows[-1][0]

    def digest(self) -> tuple[int, bytes]:
        return self.position, self._hash.digest()


def _entry(row: EventColumns) -> bytes:
    position, stream, version, topic, state, _ = row
    return entry_of_row(Row(position, UUID(bytes=stream), version, topic, state))
