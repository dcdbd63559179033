"""A projection that is far behind is filled in one pass, and followed from there."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from domain.errors import Unavailable
from domain.instants import DAY
from projections.limits import Limits
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.waiting import until
from tests.projections.hands import Hands
from tests.projections.memory import NOW

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.fixtures.clock import Clock
    from tests.projections.memory import MemoryLedger

LIMITS = Limits(batch_events=5, far_events=20, far_share=10, pouring_seconds=0.0)
POURING = Limits(batch_events=5, far_events=20, far_share=10, pouring_seconds=1000.0)
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
