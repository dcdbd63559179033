"""A ledger of purchases that is the same every time, and purchases as a till sends them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from api.service import strict_parsing
from api.service.envelope import read_many
from domain.instants import DAY, format_instant
from domain.presets import PRESETS
from ledger.drafts import Append
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.clock import START, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ledger.ledger import Ledger

CONTACTS = tuple(UUID(int=number + 1, version=4) for number in range(50))
PURCHASES_EACH = 19

_FIRST_AT = START - 200 * DAY
_DAYS_BETWEEN = 10


@contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    """The ledger of a data folder; nothing follows or signs it."""
    data = DataFolder.open(folder, SqliteStore, clock=Clock())
    try:
        yield data.ledger("main")
    finally:
        data.close()


def make(folder: Path) -> None:
    """A new data folder, in which each of ``CONTACTS`` bought every ten days."""
    with opened(folder) as ledger:
        ledger.publish_policy(PRESETS["retail"], _FIRST_AT).result()
        for contact in CONTACTS:
            bodies = [purchase(contact, number) for number in range(PURCHASES_EACH)]
            append(ledger, [(contact, body) for body in (_registration(contact), *bodies)])


def append(ledger: Ledger, sent: Sequence[tuple[UUID, bytes]]) -> None:
    """Record what these bodies hold for their contacts in one commit, as bulk appends are."""
    for result in ledger.append_each([read(ledger, *one) for one in sent]).result():
        assert not isinstance(result, Exception), result


def read(ledger: Ledger, contact: UUID, body: bytes) -> Append:
    """What an endpoint makes of the body of an append."""
    sent = strict_parsing.parse(body, strict_parsing.JSON)
    return Append(drafts=read_many(sent, contact, ledger.contact_id, lambda _: None))


def purchase(contact: UUID, number: int) -> bytes:
    """The body that appends the contact's purchase of that number, with an id of its own."""
    data = {
        "purchase_id": f"receipt-{contact.int % 1000}-{number}",
        "amount_minor": 100 + number % 9_000,
        "currency": "EUR",
        "category": "music",
        "initiated_by": "contact",
    }
    return _body("purchase-made", UUID(int=contact.int + (number << 32)), number, data)


def _registration(contact: UUID) -> bytes:
    data = {"kind": "person", "name": f"Customer {contact.int % 1000}"}
    return _body("contact-registered", UUID(int=contact.int + (1 << 31)), 0, data)


def _body(kind: str, event_id: UUID, number: int, data: Mapping[str, object]) -> bytes:
    at = _FIRST_AT + number * _DAYS_BETWEEN * DAY
    sent: dict[str, object] = {"type": kind, "id": str(event_id), "data": data}
    if at < START:
        sent["occurred_at"] = format_instant(at)
    return json.dumps(sent).encode()
