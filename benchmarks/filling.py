"""A ledger with as many events as one likes, without deciding each of them.

A handful of contacts is recorded as always; then their stored events are written again and again,
as those of further contacts with ids of their own. What was sealed for the first cannot be opened
for the others, whose keys nobody has: they read as erased, which appends to them do not mind.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgpack
from eventsourcing.utils import Environment

from api.bootstrap import now
from domain.events.commerce import PurchaseMade
from domain.events.contacts import ContactRegistered
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.mapper import LedgerStoredEvent
from ledger.stores.sqlite.events import LedgerFactory
from ledger.stores.sqlite.file_names import EVENTS_FILE
from ledger.stores.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from domain.events import Event
    from ledger.ledger import Ledger

RECORDED_CONTACTS = 10
EVENTS_A_CONTACT = 10
ROWS_A_COMMIT = 50_000

_ID = 2
"""Where the id of an event stands in its stored state."""


@contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    """The ledger of a data folder, without projections."""
    data = DataFolder.open(folder, SqliteStore, clock=now)
    try:
        yield data.ledger("main")
    finally:
        data.close()


def fill(folder: Path, events: int) -> list[UUID]:
    """A new data folder with about so many events, up to one contact more; answers the contacts."""
    with opened(folder) as ledger:
        contacts = _record(ledger)
        written = ledger.head()
    path = folder / "ledgers" / "main" / EVENTS_FILE
    with closing(sqlite3.connect(path)) as connection:
        originals = connection.execute(
            "SELECT originator_id, originator_version, topic, state FROM stored_events"
            " WHERE event_id IS NOT NULL AND position > 1 ORDER BY position"
        ).fetchall()
    factory = LedgerFactory(Environment("ledger", {LedgerFactory.SQLITE_DBNAME: str(path)}))
    recorder = factory.application_recorder()
    batch: list[LedgerStoredEvent] = []
    while written < events:
        copies = {contact.bytes: uuid4() for contact in contacts[:RECORDED_CONTACTS]}
        contacts.extend(copies.values())
        batch += [_copy(copies[stream], *columns) for stream, *columns in originals]
        written += len(originals)
        if len(batch) >= ROWS_A_COMMIT or written >= events:
            recorder.insert_events(batch)
            batch = []
    factory.close()
    return contacts


def purchase(contact: UUID, number: int) -> Append:
    """An append of one purchase for an amount that hangs on the ``number``."""
    event = PurchaseMade(
        purchase_id=f"receipt-{uuid4()}",
        amount_minor=100 + number % 9_000,
        currency="EUR",
        category="music",
        initiated_by="contact",
    )
    return _append(contact, event)


def _record(ledger: Ledger) -> list[UUID]:
    """The contacts that are copied, each with the same number of events."""
    contacts = [uuid4() for _ in range(RECORDED_CONTACTS)]
    for place, contact in enumerate(contacts):
        name = f"Customer {place}"
        ledger.append(_append(contact, ContactRegistered(kind="person", name=name))).result()
        for number in range(1, EVENTS_A_CONTACT):
            ledger.append(purchase(contact, number)).result()
    return contacts


def _append(contact: UUID, event: Event) -> Append:
    return Append(drafts=(Draft(contact_id=contact, type=event.TYPE, id=uuid4(), event=event),))


def _copy(stream: UUID, version: int, topic: str, state: bytes) -> LedgerStoredEvent:
    values = msgpack.unpackb(state)
    values[_ID] = os.urandom(16)
    return LedgerStoredEvent(stream, version, topic, msgpack.packb(values), UUID(bytes=values[_ID]))
