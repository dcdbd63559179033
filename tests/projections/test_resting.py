"""What one contact may cost: what gives way rests in proportion to steps that are dear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.instants import DAY
from ledger.subscriptions.pacing import Pacing
from tests.domain.scenario import ANN
from tests.projections.hands import Hands
from tests.projections.memory import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.clock import Clock
    from tests.projections.memory import MemoryLedger

NAME = "restatements"
AN_HOUR = Pacing(dear_times=1_000_000_000, most_dear_seconds=3600.0)
"""However short the dear step was."""


def test_late_events_come_together_until_somebody_waits_for_them(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    for day in range(1, 60):
        ledger.tell(ANN, "purchase-made", NOW - day * DAY, purchase_id=str(day))
    hands = Hands(ledger, clock, path, pacing=AN_HOUR)
    build = hands.projections.follower.build(NAME)
    while hands.take_turn() or build.position < ledger.head():
        pass
    clock.instant += DAY
    ledger.tell(ANN, "purchase-made", NOW - 70 * DAY, purchase_id="late")
    hands.take_turn()
    assert build.position == ledger.head()
    assert build.is_dear
    ledger.tell(ANN, "purchase-made", NOW - 80 * DAY, purchase_id="later")
    hands.take_turn()
    assert build.position == ledger.head() - 1
    hands.projections.when_reached(ledger.head(), lambda: None, NAME)
    hands.take_turn()
    assert build.position == ledger.head()
    hands.close()
