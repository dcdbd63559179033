"""What commands do to a data folder, put into its audit trail before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.bootstrap import now
from ledger.access.scopes import COMMAND_LINE
from ledger.access.trails import Trails
from ledger.folder import LEDGERS

if TYPE_CHECKING:
    from pathlib import Path


def record(folder: Path, ledger: str | None, act: str, subject: str, **detail: object) -> None:
    """Add to the trail of that ledger, or of the server where none is named.

    Raises:
        LedgerNotFound: there is no such ledger.
        Unavailable: it could not be written: then it must not be done.
    """
    trails = Trails(folder, folder / LEDGERS, now)
    try:
        trail = trails.server() if ledger is None else trails.of(ledger)
        trail.record(COMMAND_LINE, act, subject, **detail)
    finally:
        trails.close()
