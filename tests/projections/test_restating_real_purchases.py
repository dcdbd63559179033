"""A late purchase of 1997 in the real log: it restates what it should, and nothing else."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING
from uuid import uuid4

from api.service.importing.mapping import read_mapping
from domain.instants import parse_instant
from domain.presets import PRESETS
from domain.restatement import MINUTE
from ledger.drafts import Append, Draft
from tests.domain.scenario import fact
from tests.fixtures.clock import Clock
from tests.importing.ledgers import NOW, imported_into, opened
from tests.importing.test_mapping import EXAMPLES
from tests.projections.hands import Hands
from tests.projections.test_restating import (
    NAME,
    differing,
    followed_to_the_end,
    history_as_known_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from ledger.ledger import Ledger

CONTACTS = 300
LATE_AT = parse_instant("1997-06-15T12:00:00Z")


def first_contacts(whole: Path, part: Path) -> Path:
    """The rows of the first contacts, and the heading."""
    with gzip.open(whole, "rt") as rows, part.open("w") as file:
        seen: set[str] = set()
        for row in rows:
            seen.add(row.split(maxsplit=1)[0])
            if len(seen) > CONTACTS + 1:
                break
            file.write(row)
    return part


def late_purchase(ledger: Ledger, contact: UUID) -> int:
    """The position of a purchase that the till sends years later."""
    draft = Draft(
        contact_id=contact,
        type="purchase-made",
        id=uuid4(),
        occurred_at=LATE_AT,
        event=fact("purchase-made", purchase_id="late"),
    )
    return ledger.append(Append(drafts=(draft,))).result().position


def test_a_late_purchase_restates_only_its_contact_where_histories_differ(
    tmp_path: Path, outside_file: Callable[[str], Path]
) -> None:
    """Asked from the position where the import ended, for every fifth of three hundred contacts."""
    part = first_contacts(outside_file("CDNOW_master.txt.gz"), tmp_path / "part.txt")
    clock = Clock(NOW)
    with opened(tmp_path / "data", clock) as ledger:
        ledger.publish_policy(PRESETS["purchases-only"], 0).result()
        imported_into(ledger, read_mapping(EXAMPLES / "cdnow.toml"), part)
        imported = ledger.head()
        hands = Hands(ledger, Clock(NOW), tmp_path / "projections.sqlite")
        try:
            assert followed_to_the_end(hands, ledger) == [], "all of it came in one minute"
            clock.instant = late_now = NOW + MINUTE
            contacts = [ledger.contact_id(f"cdnow:{n:05}") for n in range(1, CONTACTS, 5)]
            late = {late_purchase(ledger, contact): contact for contact in contacts}
            followed_to_the_end(hands, ledger)
            page = hands.projections.restatements(since_position=imported, limit=10_000)
            assert hands.digest(NAME).digest == hands.built_anew(NAME, ledger.head())
        finally:
            hands.close()
        expected = [
            (position, contact, *stretch)
            for position, contact in late.items()
            for stretch in differing(
                history_as_known_at(ledger, contact, position - 1, late_now) or (),
                history_as_known_at(ledger, contact, position, late_now) or (),
                late_now,
            )
        ]
    found = [
        (one.position, one.contact_id, one.from_at, one.to_at, one.believed, one.known)
        for one in page.items
    ]
    assert found == expected
    assert all(one.from_at >= LATE_AT for one in page.items)
    changes = {(one.believed, one.known) for one in page.items}
    assert ("lapsed_customer", "customer") in changes
    assert len({one.contact_id for one in page.items}) > len(contacts) // 2
