"""What differs between two judgements of one contact, and between two policies."""

from __future__ import annotations

from domain.comparison import FieldChange, Stretch, field_changes, stretches, switches
from domain.intervals import Cause, Interval
from domain.presets import PRESETS
from tests.domain.folding import bought, changed, relate, versions
from tests.domain.scenario import on_day, registered

DAILY = changed("purchases-only", signals={"regularity": {"purchase_days": 3}})


def stages(*starts: tuple[int, str]) -> list[Interval]:
    """Intervals, each from a day on until the next begins."""
    ends = [on_day(day) for day, _ in starts[1:]]
    return [
        Interval(on_day(day), end, stage, 0, 1, Cause("event", ""))
        for (day, stage), end in zip(starts, [*ends, None], strict=True)
    ]


BEFORE = stages((0, "contact"), (1, "customer"), (50, "lapsed_customer"))
AFTER = stages((0, "contact"), (1, "customer"), (10, "client"), (30, "customer"), (60, "ended"))


def test_stretches_are_where_the_two_say_different_stages() -> None:
    assert stretches(BEFORE, AFTER, on_day(0), on_day(55)) == [
        Stretch(on_day(10), on_day(30), "customer", "client"),
        Stretch(on_day(50), None, "lapsed_customer", "customer"),
    ]
    assert stretches(BEFORE, BEFORE, on_day(0), on_day(99)) == []


def test_a_window_cuts_stretches_and_has_both_its_ends() -> None:
    assert stretches(BEFORE, AFTER, on_day(20), on_day(25)) == [
        Stretch(on_day(20), None, "customer", "client")
    ]
    assert stretches(BEFORE, AFTER, on_day(2), on_day(10)) == [
        Stretch(on_day(10), None, "customer", "client")
    ]
    assert stretches(BEFORE, AFTER, on_day(30), on_day(49)) == []


def test_a_stretch_goes_on_where_both_turn_within_the_same_pair() -> None:
    ours = stages((0, "customer"), (5, "client"), (6, "customer"))
    theirs = stages((0, "prospect"), (5, "client"), (6, "prospect"))
    assert stretches(ours, theirs, on_day(0), on_day(9)) == [
        Stretch(on_day(0), on_day(5), "customer", "prospect"),
        Stretch(on_day(6), None, "customer", "prospect"),
    ]
    again = stages((0, "customer"), (3, "customer"))
    assert len(stretches(again, theirs, on_day(0), on_day(4))) == 1


def test_before_its_first_fact_whoever_it_is_is_a_contact() -> None:
    assert stretches([], stages((3, "prospect")), on_day(0), on_day(2)) == []


def test_a_signal_switches_that_is_on_in_one_only_or_gives_other_points() -> None:
    scenario = bought(0, 5, 10)
    before = relate(scenario, on_day(12))
    after = relate(scenario, on_day(12), versions((0, DAILY)))
    (regularity,) = switches(before, after)
    assert regularity.name == "regularity"
    assert regularity.before is not None
    assert regularity.after is not None
    assert (regularity.before.on, regularity.after.on) == (False, True)
    assert (regularity.before.points, regularity.after.points) == (0, 60)
    assert switches(before, before) == ()


def test_where_nothing_is_known_yet_no_signal_switches() -> None:
    nothing = relate(registered(), on_day(-1))
    assert switches(nothing, nothing) == ()


def test_policies_differ_field_by_field() -> None:
    found = field_changes(PRESETS["retail"].document(), DAILY.document())
    assert found == (
        FieldChange("/name", "retail", "purchases-only"),
        FieldChange("/rests_on", "allegiance", "frequency"),
        FieldChange("/signals/regularity/points", 35, 60),
        FieldChange("/signals/regularity/purchase_days", 6, 3),
    )


def test_what_one_document_lacks_is_nothing_there() -> None:
    tasting = changed("retail", signals={"custom": {"a/b": {"points": 5}}})
    found = field_changes(PRESETS["retail"].document(), tasting.document())
    assert found == (
        FieldChange("/signals/custom/a~1b/points", None, 5),
        FieldChange("/signals/custom/a~1b/window_days", None, 365),
    )
    assert field_changes({}, {}) == ()
