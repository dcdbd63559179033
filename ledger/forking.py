"""A ledger that continues from what there is of it, after its newest events were lost.

Whatever was signed for events that it lacks contradicts it from then on. So it gets another origin,
under which its log begins again, over all events that there are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from domain.decisions.reasons import refusal
from ledger.data_layout import require_ledger, settings_of, write_settings

if TYPE_CHECKING:
    from ledger.folder import DataFolder


class Fork(NamedTuple):
    """Under which origins a ledger was continued, and from which position.

    ``before`` is None where a fork that was cut off had taken it away.
    """

    before: str | None
    origin: str
    position: int


def fork(folder: DataFolder, name: str) -> Fork:
    """Have a ledger, which is not open, continue from what there is of it under a new origin.

    Its log, with every checkpoint, is not continued. Killed on the way, it is done again.

    Raises:
        LedgerNotFound: there is none.
        Refused: it is for audit, and never continues.
        Corrupt: what there is of it cannot be opened.
        Unavailable: it could not be written.
    """
    store = require_ledger(folder.store, name)
    settings = settings_of(store)
    if settings.for_audit:
        raise refusal("ledger-for-audit")
    store.forget_log()
    write_settings(store, replace(settings, origin=None))
    ledger = folder.ledger(name)
    ledger.transparency.sign_head()
    return Fork(settings.origin, ledger.transparency.origin, ledger.head())
