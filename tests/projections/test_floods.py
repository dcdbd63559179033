"""What the live side leaves to those who append thousands of events a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections import follower
from tests.domain.scenario import ANN

if TYPE_CHECKING:
    import pytest

    from tests.projections.hands import Hands
    from tests.projections.memory import MemoryLedger


def test_a_flood_is_waited_out_until_it_ends_or_somebody_waits_or_it_is_far_behind(
    hands: Hands, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = hands.projections._follower
    monkeypatch.setattr(follower, "FLOOD_EVENTS", 2)
    monkeypatch.setattr(follower, "FAR_BEHIND_EVENTS", ledger.head() + 10)
    commits = iter([3, 2, 1, 2, 3])
    rests = []

    def rest(_seconds: float) -> bool:
        rests.append(count := next(commits))
        for _ in range(count):
            ledger.tell(ANN, "purchase-made", purchase_id=str(ledger.head()))
        following.wake()
        return count != 0

    monkeypatch.setattr(following, "_rest", rest)
    following._wait_out_a_flood()
    assert rests == [3, 2, 1]
    commits = iter([2, 0])
    following._wait_out_a_flood()
    assert rests == [3, 2, 1, 2, 0]
    commits = iter([2, 2])
    following._wait_out_a_flood()
    assert rests[5:] == [2]
