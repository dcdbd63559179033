"""What rewards come to together: by currency and state, never one currency added to another.

Source: the care document, section 5 ("Rewards are a small ledger").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.rewards import STATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.rewards import Reward


@dataclass(frozen=True, slots=True)
class RewardTotal:
    """The rewards of one currency and state: how many, and the sum of all of their entries.

    ``currency`` is null for rewards of which nothing is money; then nothing is owed in money.
    """

    currency: str | None
    state: str
    owed_minor: int
    count: int


def totals_of(rewards: Iterable[Reward]) -> tuple[RewardTotal, ...]:
    """The totals of these rewards, by currency, then in the order of the states."""
    found: dict[tuple[str | None, str], RewardTotal] = {}
    for reward in rewards:
        key = reward.currency, reward.state
        before = found.get(key, RewardTotal(*key, 0, 0))
        owed_minor = before.owed_minor + reward.owed_minor
        found[key] = RewardTotal(*key, owed_minor, before.count + 1)
    return tuple(
        sorted(found.values(), key=lambda one: (one.currency or "", STATES.index(one.state)))
    )
