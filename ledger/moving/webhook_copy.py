"""The webhooks of a ledger copied to another store, with everything that waits to be sent.

Nobody sends meanwhile: they change all the time, so they are copied once, when the ledger rests.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.stores.store import LedgerStore

PAGE = 1_000
"""How many deliveries are read at once."""


def copy_webhooks(source: LedgerStore, target: LedgerStore) -> None:
    """Have the target have the webhooks of the source, and no others.

    Raises:
        Corrupt: a store of webhooks is damaged.
        Unavailable: they could not be read or written.
    """
    if not (source.has_webhooks() or target.has_webhooks()):
        return
    with closing(source.open_webhooks()) as theirs, closing(target.open_webhooks()) as ours:
        for webhook in ours.all():
            ours.remove(webhook.id)  # an earlier try, that was cut off
        for webhook in theirs.all():
            ours.add(webhook)
            after = 0
            while page := theirs.history(webhook.id, after, PAGE):
                ours.take_in(webhook, page, webhook.position, webhook.notice)
                after = page[-1].number
