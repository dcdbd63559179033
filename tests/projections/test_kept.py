"""What a build keeps in memory is bounded, and of use where there is more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from projections.build import Build
from projections.folding import WeightedCache
from projections.limits import Limits
from tests.domain.scenario import ANN, BEN, CAT
from tests.projections.hands import Hands

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.clock import Clock
    from tests.projections.memory import MemoryLedger


def kept_of(kept: WeightedCache[str], *contacts: UUID) -> list[str | None]:
    return [kept.get(one) for one in contacts]


def test_what_was_not_used_lately_gives_way() -> None:
    kept: WeightedCache[str] = WeightedCache(lambda: 10)
    kept.put(ANN, "ann", 5)
    kept.put(BEN, "ben", 5)
    for _ in range(2):
        kept.begin_round()
        assert kept.get(ANN) == "ann"
    kept.put(CAT, "cat", 5)
    assert kept_of(kept, ANN, BEN, CAT) == ["ann", None, "cat"]


def test_a_round_through_more_than_fits_finds_some_of_it_the_next_time() -> None:
    """Keeping the newest alone, each would push out the one that is asked for next."""
    kept: WeightedCache[str] = WeightedCache(lambda: 10)
    contacts = [UUID(int=number) for number in range(1, 16)]
    for _ in range(3):
        kept.begin_round()
        found = [kept.get(contact) is not None for contact in contacts]
        for contact in contacts:
            kept.put(contact, "known", 1)
    assert sum(found) == 10


def test_what_is_too_heavy_by_itself_pushes_out_nothing() -> None:
    kept: WeightedCache[str] = WeightedCache(lambda: 10)
    kept.put(ANN, "ann", 5)
    for _ in range(5):
        kept.begin_round()
    kept.put(BEN, "ben", 11)
    assert kept_of(kept, ANN, BEN) == ["ann", None]


def test_weights_are_given_back() -> None:
    kept: WeightedCache[str] = WeightedCache(lambda: 10)
    for _ in range(100):
        kept.put(ANN, "ann", 6)
        kept.drop(ANN)
        kept.drop(BEN)
        kept.put(CAT, "cat", 9)
        kept.put(CAT, "cat", 2)
    kept.put(BEN, "ben", 8)
    assert kept_of(kept, ANN, BEN, CAT) == [None, "ben", "cat"]
    kept.clear()
    kept.put(ANN, "ann", 10)
    assert kept_of(kept, ANN, BEN, CAT) == ["ann", None, None]


def test_a_build_keeps_no_more_facts_than_it_may(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    """And is right without what it could not keep."""
    hands = Hands(ledger, clock, path, Limits(kept_facts=lambda: 10))
    build = hands.projections.follower.build("status")
    assert isinstance(build, Build)
    for number in range(30):
        ledger.tell((ANN, BEN, CAT)[number % 3], "purchase-made", purchase_id=str(number))
        hands.follow("status", 1000)
        kept = [build.histories.get(one) for one in (ANN, BEN, CAT)]
        held = [one.history for one in kept if one and one.history]
        assert sum(1 + len(history.facts) for history in held) <= 10
    assert hands.digest("status").digest == hands.built_anew("status", ledger.head())
    hands.close()
