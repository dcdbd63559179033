"""The projections over the real ledger, which tells them of each commit."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from api.bootstrap import projections_of
from domain.instants import DAY
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.domain.scenario import ANN, BEN, fact
from tests.projections.memory import NOW

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from tests.fixtures.clock import Clock


def draft(contact_id: UUID, type_name: str, at: int, **data: object) -> Draft:
    """The example of a type with some of its data replaced."""
    return Draft(
        contact_id=contact_id,
        type=type_name,
        id=uuid4(),
        occurred_at=at,
        source=None,
        actor=None,
        causation_id=None,
        event=fact(type_name, **data),
        problem=None,
    )


def test_a_commit_is_visible_and_a_rebuild_agrees(tmp_path: Path, clock: Clock) -> None:
    folder = DataFolder.open(tmp_path / "data", SqliteStore, clock=clock)
    ledger = folder.ledger("main")
    projections = projections_of(ledger, clock)
    projections.start()
    try:
        drafts = (
            draft(ANN, "contact-registered", NOW - 90 * DAY),
            draft(BEN, "contact-registered", NOW - 90 * DAY),
            draft(ANN, "referral-made", NOW - 60 * DAY, other=str(BEN), level=3),
            draft(BEN, "purchase-made", NOW - 30 * DAY),
        )
        appended = ledger.append(Append(drafts=drafts)).result(20)
        for name in ("status", "standing"):
            assert projections.wait_for(appended.position, 20, name) == appended.position
        status = projections.contact_status(BEN)
        assert status is not None
        assert status.stage == "customer"
        assert projections.contact_standing(ANN).standing.referrals.won == 1
        for name in ("status", "standing"):
            operation = projections.operations.wait(projections.rebuild(name).id, 20)
            assert operation.result is not None
            assert operation.result["digest"] == operation.result["live_digest"]
            assert operation.result["events"] == appended.position - 1
    finally:
        projections.close()
        folder.close()
