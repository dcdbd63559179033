"""What a till sends: contacts registered beforehand, and purchases that make their own ids."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from benchmarks.database import database_head
from benchmarks.measure import agree
from benchmarks.served import LEDGER, put
from ledger.stores.sqlite.file_names import EVENTS_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.load import Reply, Request

POLICY_EVENTS = 1
"""What a new ledger holds: the policy that it begins with."""


def registration(contact: UUID | str, name: str) -> dict[str, Any]:
    """A contact is registered."""
    return {
        "contact": str(contact),
        "type": "contact-registered",
        "id": str(uuid4()),
        "data": {"kind": "person", "name": name},
    }


def purchase(number: int) -> dict[str, Any]:
    """Somebody buys something for an amount that hangs on the ``number``."""
    event_id = str(uuid4())
    data = {
        "purchase_id": f"receipt-{event_id}",
        "amount_minor": 100 + number % 9_000,
        "currency": "EUR",
        "category": "music",
        "initiated_by": "contact",
    }
    return {"type": "purchase-made", "id": event_id, "data": data}


def register(port: int, count: int) -> list[UUID]:
    """So many new contacts, registered over HTTP."""
    contacts = [uuid4() for _ in range(count)]
    put(port, [registration(one, f"Customer {place}") for place, one in enumerate(contacts)])
    return contacts


def purchases(contacts: Sequence[UUID], count: int) -> list[Request]:
    """So many appends of one purchase each, the contacts in turn."""
    return [
        (
            "POST",
            f"{LEDGER}/contacts/{contacts[number % len(contacts)]}/events",
            json.dumps(purchase(number)),
        )
        for number in range(count)
    ]


def check_appended(replies: Sequence[Reply], folder: Path | str, before: int) -> int:
    """The head of the log, after every append got a place of its own and nothing else came.

    ``before`` is the head before them.

    Raises:
        Disagreement: it is not so.
    """
    agree("appends answered", {reply.status for reply in replies}, {201})
    positions = {reply.position for reply in replies}
    agree("positions", positions, set(range(before + 1, before + len(replies) + 1)))
    agree("the log's head", stored_head(folder), before + len(replies))
    return before + len(replies)


def stored_head(folder: Path | str) -> int:
    """The newest position in a ledger's file, which holds as many events.

    Where it is a text, it is the URL of the database in which the ledger is.

    Raises:
        Disagreement: it does not.
    """
    if isinstance(folder, str):
        return database_head(folder)
    path = folder / "ledgers" / "main" / EVENTS_FILE
    with closing(sqlite3.connect(path)) as connection:
        head, count = connection.execute(
            "SELECT max(position), count(*) FROM stored_events"
        ).fetchone()
    agree("events without gaps", count, head)
    return int(head)
