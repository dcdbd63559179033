"""Who stands for whom once some merges are known."""

from __future__ import annotations

from domain.aliases import Aliases, Merge, aliases_in
from tests.domain.scenario import ANN, BEN, CAT, DAN, fact, on_day, registered


def test_a_chain_of_merges_ends_at_its_last_survivor() -> None:
    aliases = Aliases([Merge(1, ANN, BEN), Merge(2, BEN, CAT)])
    assert aliases.survivor_of(ANN) == CAT
    assert aliases.members(CAT) == (CAT, ANN, BEN)


def test_a_merge_taken_back_leaves_the_one_below_it() -> None:
    aliases = Aliases([Merge(1, ANN, BEN), Merge(2, BEN, CAT), Merge(3, BEN, None)])
    assert aliases.survivor_of(ANN) == BEN
    assert aliases.members(CAT) == (CAT,)


def test_a_merge_that_would_close_a_circle_changes_nothing() -> None:
    aliases = Aliases([Merge(1, ANN, BEN), Merge(2, BEN, CAT)])
    assert not aliases.apply(Merge(3, CAT, ANN))
    assert not aliases.apply(Merge(4, ANN, ANN))
    assert aliases.survivor_of(ANN) == CAT


def test_a_copy_goes_its_own_way() -> None:
    aliases = Aliases([Merge(1, ANN, BEN)])
    twin = aliases.copy()
    twin.apply(Merge(2, BEN, CAT))
    assert aliases.survivor_of(ANN) == BEN
    assert twin.survivor_of(ANN) == CAT


def test_only_aliases_have_somebody_who_stands_for_them() -> None:
    aliases = Aliases([Merge(1, ANN, BEN), Merge(2, BEN, CAT)])
    assert aliases.survivors_of([ANN, BEN, CAT, DAN]) == {ANN: CAT, BEN: CAT}
    assert (aliases.target_of(ANN), aliases.target_of(CAT)) == (BEN, None)
    assert Aliases().survivors_of([ANN]) == {}


def test_merges_count_in_the_order_in_which_they_were_recorded() -> None:
    scenario = registered()
    scenario.record(fact("contact-merged"), on_day(9))
    scenario.record(fact("merge-reversed"), on_day(1))
    assert aliases_in(scenario.events).survivor_of(ANN) == ANN
    scenario.record(fact("contact-merged"), on_day(-9))
    assert aliases_in(scenario.events).survivor_of(ANN) == BEN
