"""Whatever happened: a list of standings says of each contact what its own standing says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from api.service.league import league_in
from api.service.limits import LIMITS
from api.service.questions import At
from api.service.replays.pages import folded_page, sorted_page
from api.service.replays.rows import StandingRows
from domain.standing import STANDINGS
from tests.projections.histories import CONTACTS, seeds
from tests.replays.asked import moment, of_one
from tests.replays.test_time_travel import followed, some_instant, some_moment, told

if TYPE_CHECKING:
    from projections.folding import Moment
    from tests.projections.memory import MemoryLedger

NAMES = ("contact_id", "standing", "influence")


def listed(
    ledger: MemoryLedger,
    at: Moment,
    limit: int,
    sort: str | None = None,
    named: str | None = None,
    most_events: int = LIMITS.folded_events,
) -> list[dict[str, Any]]:
    """All rows, page by page."""
    items: list[dict[str, Any]] = []
    after = None
    while True:
        rows = StandingRows(ledger, at, named)
        if sort is None:
            page = folded_page(ledger, at, rows, after=after, limit=limit, most_events=most_events)
        else:
            page = sorted_page(ledger, at, rows, sort=sort, elsewhere="", after=after, limit=limit)
        assert len(page.items) <= limit
        items += [row.plain() for row in page.items]
        if (after := page.next_cursor) is None:
            return items


@pytest.mark.parametrize("most_events", [1, LIMITS.folded_events])
def test_a_list_says_of_each_contact_what_its_standing_says(most_events: int) -> None:
    """Of every survivor that had referred or been sent anyone; of nobody else is there anything."""

    @settings(max_examples=30)
    @given(seed=seeds)
    def hold(seed: int) -> None:
        ledger, clock, chance = told(seed)
        for _ in range(4):
            at = some_moment(ledger, clock, chance)
            items = listed(ledger, at, chance.choice((1, 2, 100)), most_events=most_events)
            assert [row["contact_id"] for row in items] == sorted(
                {row["contact_id"] for row in items}
            )
            rows = {row["contact_id"]: row for row in items}
            for contact in CONTACTS:
                told_of_one = of_one(ledger, at, contact)
                row = rows.pop(str(contact), None)
                if told_of_one is None or told_of_one[2]["contact_id"] != str(contact):
                    assert row is None, "neither unknown nor an alias"
                    continue
                standing = told_of_one[2]
                if row is None:
                    assert standing["events"] == []
                    assert (standing["standing"], standing["influence"]) == ("none", 0)
                    continue
                owed = {name: standing["reciprocity"][name] for name in ("we_owe", "they_owe")}
                told_of_row = {name: standing[name] for name in (*NAMES, "reciprocity")}
                money = {name: row[name] for name in ("won_value", "owed")}
                assert row == {**told_of_row, **owed, **money}
            assert rows == {}

    hold()


@settings(max_examples=20)
@given(seed=seeds)
def test_sorted_and_of_one_standing_it_has_the_same_rows(seed: int) -> None:
    ledger, clock, chance = told(seed)
    at = moment(ledger, clock(), At(some_instant(chance, clock)))
    rows = listed(ledger, at, 100)
    for limit in (1, 2, 100):
        assert listed(ledger, at, limit, "influence") == sorted(
            rows, key=lambda row: (-row["influence"], row["contact_id"])
        )
    for named in STANDINGS:
        chosen = [row for row in rows if row["standing"] == named]
        assert listed(ledger, at, 1, named=named) == chosen


@settings(max_examples=20)
@given(seed=seeds)
def test_with_everything_known_it_is_whoever_the_projection_has_then(seed: int) -> None:
    """As of now in its order; it alone has those whose referrals all lie ahead."""
    ledger, clock, chance = told(seed)
    with followed(ledger, clock, "standing") as hands:
        held = hands.projections.standings(limit=1000).items
        made = {row.contact_id: hands.projections.referrals(row.contact_id).made for row in held}
        for as_of in (clock(), *(some_instant(chance, clock) for _ in range(4))):
            rows = listed(ledger, moment(ledger, clock(), At(as_of)), 100, "influence")
            there = [
                row for row in held if any(edge.made_at <= as_of for edge in made[row.contact_id])
            ]
            assert {row["contact_id"] for row in rows} == {str(row.contact_id) for row in there}
            if as_of == clock():
                with hands.projections.partners() as partners:
                    league = league_in(partners, ledger.policies(), None, None, 1000).items
                kept = {row.contact_id for row in there}
                assert rows == [one.plain() for one in league if one.contact_id in kept]
