"""A projection that is far behind is filled in one pass, and followed from there."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import Unavailable
from domain.instants import DAY
from projections.limits import Limits
from projections.operations import Work
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.projections.hands import Hands, opened
from tests.projections.memory import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.clock import Clock
    from tests.projections.memory import MemoryLedger

LIMITS = Limits(batch_events=5, far_events=20, far_share=10, pouring_seconds=0.0)
POURING = replace(LIMITS, far_pouring_events=20, pouring_seconds=1000.0)
FOLDED = ("status", "standing", "agenda")


def buy(ledger: MemoryLedger, count: int) -> None:
    """Purchases of three contacts in turn."""
    for number in range(count):
        contact = (ANN, BEN, CAT)[number % 3]
        at = NOW - (100 - number % 90) * DAY
        ledger.tell(contact, "purchase-made", at, purchase_id=f"{ledger.head()}")


def fillings(hands: Hands) -> int:
    """How many operations began."""
    return len(hands.projections.operations._operations)


def settle(hands: Hands) -> None:
    """Take turns until nothing is left to do."""
    until(lambda: not (hands.take_turn() or hands.projections.operations.running()))
    while hands.take_turn():
        pass


def test_what_is_far_behind_is_filled_and_equals_what_was_followed(
    ledger: MemoryLedger, clock: Clock, tmp_path: Path
) -> None:
    with (
        closing(Hands(ledger, clock, tmp_path / "filled.sqlite", LIMITS)) as filled,
        closing(Hands(ledger, clock, tmp_path / "followed.sqlite")) as followed,
    ):
        for count, begun in ((6, 0), (60, 1), (10, 1), (30, 2)):
            buy(ledger, count)
            settle(filled)
            settle(followed)
            assert fillings(filled) == begun
            for name in FOLDED:
                assert filled.digest(name).position == ledger.head()
                assert filled.digest(name) == followed.digest(name)
        assert fillings(followed) == 0


def test_while_events_pour_in_half_of_the_log_has_to_be_missing(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    with closing(Hands(ledger, clock, path, POURING)) as hands:
        for count, begun in ((60, 1), (30, 1), (30, 1), (130, 2)):
            buy(ledger, count)
            settle(hands)
            assert fillings(hands) == begun
            assert hands.digest("status").position == ledger.head()


def test_while_events_pour_in_a_build_has_to_be_farther_behind(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    limits = replace(POURING, far_pouring_events=100)
    with closing(Hands(ledger, clock, path, limits)) as hands:
        for count, begun in ((90, 0), (200, 1)):
            buy(ledger, count)
            settle(hands)
            assert fillings(hands) == begun
            assert hands.digest("status").position == ledger.head()


def test_a_filling_leaves_what_is_appended_meanwhile_to_the_follower(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    with closing(Hands(ledger, clock, path, LIMITS)) as hands:
        buy(ledger, 60)
        begun_at = ledger.head()
        hands.projections.follower.rest("status")

        def append(_progress: object) -> None:
            if ledger.head() < begun_at + 12:
                buy(ledger, 12)

        assert hands.rebuild("status", Work(append))["position"] == begun_at
        assert ledger.head() == begun_at + 12
        hands.projections.follower.resume("status")
        settle(hands)
        assert hands.digest("status").position == ledger.head()


@pytest.mark.parametrize(("age", "begun"), [(0, 0), (DAY, 1)])
def test_a_new_log_is_filled_at_the_start_unless_events_pour_in(
    ledger: MemoryLedger, clock: Clock, path: Path, age: int, begun: int
) -> None:
    buy(ledger, 30)
    clock.instant += age
    limits = Limits(batch_events=5, first_events=1000, pouring_seconds=3600.0)
    with closing(opened(ledger, clock, path, limits=limits)) as projections:
        projections.start()
        assert len(projections.operations._operations) == begun
        assert projections.wait_for(ledger.head(), END_SECONDS) == ledger.head()


def test_waiters_are_called_when_the_filled_one_is_there(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    with closing(Hands(ledger, clock, path, LIMITS)) as hands:
        buy(ledger, 60)
        reached: list[str] = []
        hands.projections.when_reached(ledger.head(), lambda: reached.append("status"))
        settle(hands)
        assert reached == ["status"]


def test_a_filling_that_fails_is_not_tried_again_at_once(
    ledger: MemoryLedger, clock: Clock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The follower does it in its way, as where a first filling fails."""
    with closing(Hands(ledger, clock, path, LIMITS)) as hands:
        buy(ledger, 60)

        def fail(*_: object, **__: object) -> None:
            raise Unavailable("the disk is full")

        monkeypatch.setattr("projections.rebuild.fill", fail)
        settle(hands)
        assert fillings(hands) == 1
        assert hands.digest("status").position == ledger.head()
