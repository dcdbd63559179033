"""A data folder with a few sales in it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.bootstrap import now
from domain.instants import DAY, parse_instant
from domain.presets import PRESETS
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.domain.scenario import fact

if TYPE_CHECKING:
    from pathlib import Path

LAST_AT = parse_instant("2026-03-01T12:00:00Z")


def sold(folder: Path) -> Path:
    """Contacts 1 to 12, who bought that many times, a week apart; judged by purchases only.

    Positions: 1 and 2 are policies, then each registration with its purchases.
    """
    data = DataFolder.open(folder, SqliteStore, clock=now)
    try:
        ledger = data.ledger("main")
        ledger.publish_policy(PRESETS["purchases-only"], 0).result()
        for number in range(1, 13):
            drafts = [_draft(number, 0, "contact-registered", LAST_AT - 100 * DAY)]
            drafts += [
                _draft(number, 1 + n, "purchase-made", LAST_AT - n * 7 * DAY, purchase_id=str(n))
                for n in range(number)
            ]
            ledger.append(Append(drafts=tuple(drafts))).result()
    finally:
        data.close()
    return folder


def _draft(contact: int, place: int, type_name: str, at: int, **data: object) -> Draft:
    return Draft(
        contact_id=UUID(int=contact),
        type=type_name,
        id=UUID(int=1000 * contact + place),
        occurred_at=at,
        event=fact(type_name, **data),
    )
