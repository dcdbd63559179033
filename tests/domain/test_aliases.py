"""Who stands for whom once some merges are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from domain.aliases import Aliases, Merge, aliases_in
from tests.domain.scenario import ANN, BEN, CAT, DAN, fact, on_day, registered

if TYPE_CHECKING:
    from uuid import UUID

WHO = (ANN, BEN, CAT, DAN)


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


def test_what_was_known_at_a_position_stays_as_it_was() -> None:
    aliases = Aliases([Merge(1, ANN, BEN), Merge(3, BEN, CAT)])
    then = aliases.at(2)
    aliases.apply(Merge(4, ANN, None))
    assert (then.survivor_of(ANN), then.members(BEN)) == (BEN, (BEN, ANN))
    assert (then.newest_position, aliases.newest_position, Aliases().newest_position) == (1, 4, 0)
    assert aliases.at(9) is aliases
    assert aliases.at(3).members(CAT) == (CAT, ANN, BEN)
    assert then.apply(Merge(5, BEN, DAN)), "it goes another way than what was recorded since"
    assert (then.survivor_of(ANN), aliases.survivor_of(ANN)) == (DAN, ANN)
    assert aliases.members(CAT) == (CAT, BEN)


@given(st.lists(st.tuples(st.sampled_from(WHO), st.sampled_from([*WHO, None])), max_size=12))
def test_the_aliases_at_each_position_are_those_of_the_merges_up_to_it(
    pairs: list[tuple[UUID, UUID | None]],
) -> None:
    merges = [Merge(place, contact, into) for place, (contact, into) in enumerate(pairs, start=1)]
    aliases = Aliases()
    kept = []
    for merge in merges:
        aliases = aliases.copy()
        aliases.apply(merge)
        kept.append(aliases)
    for position in range(len(merges) + 1):
        alone = Aliases(merges[:position])
        views = [aliases.at(position), *kept[position - 1 : position]]
        for one in WHO:
            for view in views:
                assert view.survivor_of(one) == alone.survivor_of(one)
                assert view.members(one) == alone.members(one)
                assert view.survivors_of(WHO) == alone.survivors_of(WHO)
