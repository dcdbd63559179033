"""The projections make room for appends, for each other and for rebuilds, but nobody waits."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ledger.subscriptions.pacing import PROJECTIONS
from projections.limits import Limits
from tests.domain.scenario import ANN, BEN
from tests.fixtures.waiting import until
from tests.projections.hands import Hands, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ledger.subscriptions.pacing import Pacing
    from projections.operations import Work
    from projections.projections import Projections
    from tests.fixtures.clock import Clock
    from tests.projections.memory import MemoryLedger

RESTATEMENTS = "restatements"


@contextmanager
def following(
    ledger: MemoryLedger, clock: Clock, path: Path, pacing: Pacing
) -> Iterator[Projections]:
    projections = opened(ledger, clock, path, pacing=pacing)
    projections.start()
    try:
        yield projections
    finally:
        projections.close()


@pytest.fixture
def resting(ledger: MemoryLedger, clock: Clock, path: Path) -> Iterator[Projections]:
    """Projections that took in many events just now, and rest for an hour unless somebody waits."""
    pacing = replace(PROJECTIONS, rest_seconds=3600, quiet_seconds=0)
    for number in range(pacing.many_events + 1):
        ledger.tell(ANN, "purchase-made", purchase_id=str(number))
    with following(ledger, clock, path, pacing) as running:
        until(lambda: {one.position for one in running.states()} == {ledger.head()})
        ledger.tell(BEN, "purchase-made")
        running.wake()
        yield running


def test_whoever_waits_is_not_kept_waiting_by_a_rest(
    resting: Projections, ledger: MemoryLedger
) -> None:
    assert resting.wait_for(ledger.head(), 20) == ledger.head()


def test_whoever_is_to_be_called_back_is_not_kept_waiting_by_a_rest(
    resting: Projections, ledger: MemoryLedger
) -> None:
    reached = threading.Event()
    resting.when_reached(ledger.head(), reached.set)
    assert reached.wait(20)


def test_a_rest_keeps_no_rebuild_and_no_end_waiting(resting: Projections) -> None:
    operation = resting.rebuild("status")
    assert resting.operations.wait(operation.id, 20).state == "succeeded"
    ender = threading.Thread(target=resting.close)
    ender.start()
    ender.join(20)
    assert not ender.is_alive()


def test_those_that_give_way_wait_until_nothing_pours_in_or_somebody_asks(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    """Restatements stay behind while events come in, but for whoever waits for anything."""
    pours = replace(PROJECTIONS, quiet_seconds=3600, starved_seconds=3600)
    with following(ledger, clock, path, pours) as running:
        ledger.tell(ANN, "purchase-made", purchase_id="a")
        running.wake()
        until(lambda: positions(running)["status"] == ledger.head())
        until(lambda: positions(running)["standing"] == ledger.head())
        assert positions(running)["restatements"] < ledger.head()
        assert running.wait_for(ledger.head(), 20, "restatements") == ledger.head()
        ledger.tell(ANN, "purchase-made", purchase_id="b")
    with following(ledger, clock, path, replace(pours, starved_seconds=0)) as running:
        running.wake()
        until(lambda: positions(running)["restatements"] == ledger.head())


def positions(running: Projections) -> dict[str, int]:
    return {one.name: one.position for one in running.states()}


def test_restatements_give_way_to_the_other_projections_and_to_rebuilds(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    hands = Hands(ledger, clock, path, Limits(batch_events=2))
    while hands.digest("standing").position < ledger.head():
        assert hands.digest(RESTATEMENTS).position == 0
        hands.take_turn()
    may_end = threading.Event()

    def rebuild(_work: Work) -> Mapping[str, object]:
        assert may_end.wait(20)
        return {}

    rebuilding = hands.projections.operations.start("rebuild", "status", rebuild)
    ledger.tell(ANN, "purchase-made")
    hands.take_turn()
    before = hands.digest(RESTATEMENTS).position
    hands.take_turn()
    assert before == hands.digest(RESTATEMENTS).position < ledger.head()
    assert hands.digest("status").position == ledger.head()
    may_end.set()
    hands.projections.operations.wait(rebuilding.id)
    while hands.take_turn():
        pass
    assert hands.digest(RESTATEMENTS).position == ledger.head()
    hands.close()
