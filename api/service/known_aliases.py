"""Which contacts are one person, by the merges that were known at any position."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from domain.aliases import Aliases
from projections.groups import read_merges

if TYPE_CHECKING:
    from ledger.ledger import Ledger


class KnownAliases:
    """The aliases at any position, without reading the merges of the log twice."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._newest = Aliases()
        self._seen = 0

    def at(self, position: int) -> Aliases:
        """The aliases known at a position; not to be changed."""
        with self._lock:
            if position > self._seen:
                newest = self._newest.copy()
                for merge in read_merges(self._ledger, after=self._seen, upto=position):
                    newest.apply(merge)
                self._newest, self._seen = newest, position
            return self._newest.at(position)
