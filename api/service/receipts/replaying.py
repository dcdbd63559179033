"""What a receipt alone cannot prove and the log's entries can: that nothing newer was left out."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from api.service.receipts.form import ReceiptRefused
from ledger.transparency.entries import read_entry
from ledger.transparency.merkle import Frontier, leaf_hashes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.service.receipts.checking import CheckedReceipt

_TOGETHER = 4096


def require_newest(checked: CheckedReceipt, entries: Iterable[bytes]) -> None:
    """The newest versions that a receipt shows were the newest known by then.

    ``entries`` are those of the log from position 1 on, from whomever: that they give the root
    which was signed in the receipt proves them. What lies beyond its checkpoint is not read.

    Raises:
        ReceiptRefused: they are others than were signed, or a stream has a newer version.
        EntryRefused: one of them is no entry.
    """
    tree, newest, rest = Frontier(), dict[UUID, int](), iter(entries)
    while some := list(islice(rest, min(_TOGETHER, checked.tree_size - tree.size))):
        for position, content in enumerate(some, tree.size + 1):
            if position > checked.position:
                break
            entry = read_entry(content)
            if entry.stream in checked.newest_versions:
                newest[entry.stream] = max(newest.get(entry.stream, 0), entry.version)
        tree.extend(leaf_hashes(some))
    if tree.size < checked.tree_size:
        reason = f"covers {checked.tree_size} entries; the log gave {tree.size}"
        raise ReceiptRefused("/checkpoint", reason)
    if tree.root() != checked.root:
        raise ReceiptRefused("/checkpoint", "has another root than the log's entries give")
    for stream, shown in checked.newest_versions.items():
        if newest.get(stream, 0) != shown:
            reason = (
                f"shows version {shown} of stream {stream} as the newest; "
                f"version {newest.get(stream, 0)} was known by then"
            )
            raise ReceiptRefused("/completeness/streams", reason)
