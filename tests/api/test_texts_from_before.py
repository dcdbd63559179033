"""What was stored before texts had a rule: it stays, answers, is known again and can be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import pytest

from api.wire.envelope import ACTOR, SOURCE
from domain.errors import Invalid
from domain.events import CATALOGUE
from domain.instants import parse_instant
from ledger.drafts import Append, Draft

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from tests.api.shop import Json

NOON = "2026-03-01T12:00:00Z"


def stored_before(ledger: Ledger, contact: str, *events: Json) -> list[int]:
    """Record these under the bytes as they are, as it was done before; where they stand."""
    contact_id = uuid5(ledger.namespace, contact)
    drafts = []
    for one in events:
        with pytest.raises(Invalid):  # or the test is about nothing
            assert SOURCE.read(one["source"]) == one["source"]
            if CATALOGUE[one["type"]].read(one["data"]).show() == one["data"]:
                ACTOR.read("")
        drafts.append(
            Draft(
                contact_id=contact_id,
                type=one["type"],
                id=UUID(one["id"]),
                source=one["source"],
                occurred_at=parse_instant(NOON),
                event=CATALOGUE[one["type"]].read_kept(one["data"]),
            )
        )
    return [one.position for one in ledger.append(Append(tuple(drafts))).result(30).events]
