"""What every client does, and what it writes down of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

REGISTRATION_ID = "00000000-0000-4000-8000-000000000001"
PURCHASE_ID = "00000000-0000-4000-8000-000000000002"
VISIT_ID = "00000000-0000-4000-8000-000000000003"
CONTACT = "00000000-0000-4000-8000-00000000000c"
STRANGER = "pos:no/body"
"""A contact that nobody registered; its reference has to be percent-encoded in a path."""


@dataclass(frozen=True)
class Script:
    """Where a client goes, and the names that it uses there. Every client gets its own ledger."""

    url: str
    key: str
    ledger: str
    contact: str = CONTACT
    stranger: str = STRANGER
    registration_id: str = REGISTRATION_ID
    purchase_id: str = PURCHASE_ID
    visit_id: str = VISIT_ID


def comparable(value: Any) -> Any:
    """An answer in the same form for every client.

    A field that is null is left out, because clients differ in whether they show absent fields.
    Instants are in UTC; ``2026-03-01T12:00:00Z`` and ``2026-03-01T12:00:00+00:00`` are one.
    """
    if isinstance(value, dict):
        return {name: comparable(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            return value
        return instant.isoformat() if instant.tzinfo else value
    return value
