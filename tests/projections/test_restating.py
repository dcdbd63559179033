"""Restatements, kept live: what each event changed of the past, and of nobody else."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from domain.aliases import Aliases, merge_of
from domain.events.governance import EventCorrected, EventRetracted
from domain.history import effective_history
from domain.instants import DAY, SECOND
from domain.presets import PRESETS
from domain.relationship import fold
from domain.restatement import GRACE, MINUTE
from projections.groups import read_group, read_merges
from projections.limits import Limits
from projections.restating import Restating
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.clock import Clock
from tests.fixtures.faults import failing
from tests.projections.hands import Hands
from tests.projections.histories import CONTACTS, Story, seeds
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from uuid import UUID

    from domain.intervals import Interval
    from domain.recorded import RecordedEvent
    from projections.restatement_reading import RestatementRow
    from projections.source import EventSource

NAME = "restatements"

Told = tuple[int, "UUID", int, int, str, str]
"""Position, contact, from, to, believed, known."""


def told(hands: Hands, since_position: int = 0) -> list[Told]:
    """Everything that was restated after a position."""
    page = hands.projections.restatements(since_position=since_position, limit=10_000)
    assert page.next_place is None
    return [
        (one.position, one.contact_id, one.from_at, one.to_at, one.believed, one.known)
        for one in page.items
    ]


def followed(hands: Hands, ledger: MemoryLedger) -> list[Told]:
    """What the newest event restates, once all is taken in."""
    while hands.follow(NAME, ledger.head()):
        pass
    return [(0, *one[1:]) for one in told(hands, ledger.head() - 1)]


def test_a_late_purchase_is_a_restatement_with_its_event(
    hands: Hands, ledger: MemoryLedger
) -> None:
    purchase = ledger.tell(ANN, "purchase-made", NOW - 30 * DAY)
    followed(hands, ledger)
    (row,) = hands.projections.restatements(since_position=ledger.head() - 1).items
    assert (row.contact_id, row.event, row.position) == (ANN, purchase, ledger.head())
    assert (row.from_at, row.to_at) == (NOW - 30 * DAY, NOW)
    assert (row.believed, row.known) == ("contact", "customer")


def test_an_event_recorded_in_time_restates_nothing_and_reads_no_history(
    hands: Hands, ledger: MemoryLedger
) -> None:
    hands.follow(NAME, ledger.head())
    ledger.tell(ANN, "purchase-made", NOW - GRACE + SECOND)
    with failing(ledger, "stream", AssertionError("a history was read")):
        assert followed(hands, ledger) == []


def test_a_retraction_of_a_referral_restates_whoever_was_referred(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    made = ledger.tell(ANN, "referral-made", NOW - 9 * DAY, other=str(BEN))
    followed(hands, ledger)
    clock.instant += DAY
    ledger.tell(ANN, "event-retracted", target=str(made))
    assert followed(hands, ledger) == [(0, BEN, NOW - 9 * DAY, NOW + DAY, "prospect", "contact")]


def test_a_merge_restates_the_survivor_and_ends_the_alias(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    ledger.tell(BEN, "purchase-made", NOW - 9 * DAY)
    followed(hands, ledger)
    ledger.tell(BEN, "contact-merged", into=str(ANN))
    assert followed(hands, ledger) == [(0, ANN, NOW - 9 * DAY, NOW, "contact", "customer")]
    clock.instant += DAY
    ledger.tell(BEN, "merge-reversed", into=str(ANN))
    assert followed(hands, ledger) == [(0, ANN, NOW - 9 * DAY, NOW + DAY, "customer", "contact")]


def test_a_late_event_of_a_merged_contact_is_the_survivor_s(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    ledger.tell(BEN, "purchase-made", NOW - 9 * DAY)
    ledger.tell(BEN, "contact-merged", into=str(ANN))
    ledger.tell(ANN, "contact-merged", into=str(CAT))
    followed(hands, ledger)
    clock.instant += DAY
    ledger.tell(CAT, "purchase-made", NOW - 20 * DAY, purchase_id="another")
    assert followed(hands, ledger) == [
        (0, CAT, NOW - 20 * DAY, NOW - 9 * DAY, "contact", "customer")
    ]


def test_another_time_zone_restates_what_the_days_decided(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    """Breakfast and supper of four days are eight purchase days in Tokyo: a client by then."""
    morning = NOW - 40 * DAY - 4 * 3600 * SECOND
    for day in range(4):
        for meal, hours in (("breakfast", 0), ("supper", 10)):
            at = morning + 7 * day * DAY + hours * 3600 * SECOND
            ledger.tell(ANN, "purchase-made", at, purchase_id=f"{meal} {day}")
    ledger.publish(PRESETS["purchases-only"], 0)
    followed(hands, ledger)
    clock.instant += DAY
    ledger.tell(ANN, "registration-amended", time_zone="Asia/Tokyo")
    (row,) = followed(hands, ledger)
    since = morning + 21 * DAY + 10 * 3600 * SECOND
    assert row[1:] == (ANN, since, NOW + DAY, "customer", "client")


def test_a_policy_for_the_past_restates_every_contact_across_kills(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    """After every page; and until the walk is done its rows are not shown."""
    limits = Limits(walk_events=1)
    for contact in (ANN, BEN, CAT):
        for week in range(9):
            at = NOW - (week + 1) * 7 * DAY
            ledger.tell(contact, "purchase-made", at, purchase_id=str(week))
    first = Hands(ledger, clock, path, limits)
    followed(first, ledger)
    ledger.publish(PRESETS["purchases-only"], 0)
    steps = 0
    while first.digest(NAME).position < ledger.head():
        first.fail(NAME, 1)
        first.follow(NAME, 1)
        if first.digest(NAME).position < ledger.head():
            assert told(first, ledger.head() - 1) == []
            assert first.digest(NAME).digest == first.built_anew(NAME, ledger.head() - 1)
        first.close()
        first = Hands(ledger, clock, path, limits)
        steps += 1
    found = told(first, ledger.head() - 1)
    assert steps == 4
    assert [one[1] for one in found] == [ANN, BEN, CAT]
    assert {one[4:] for one in found} == {("customer", "client")}
    assert first.digest(NAME).digest == first.built_anew(NAME, ledger.head())
    first.close()


def test_a_policy_from_now_on_restates_nothing_and_walks_nowhere(
    hands: Hands, ledger: MemoryLedger
) -> None:
    ledger.tell(ANN, "purchase-made", NOW - 9 * DAY)
    followed(hands, ledger)
    ledger.publish(PRESETS["cafe"], NOW)
    with failing(Restating, "_walk_on", AssertionError("it walked")):
        assert followed(hands, ledger) == []


def test_restatements_are_read_in_pages_of_one_contact_or_of_all(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    for day in range(1, 6):
        clock.instant += MINUTE
        for contact in (ANN, BEN):
            at = NOW - day * 200 * DAY
            ledger.tell(contact, "purchase-made", at, purchase_id=str(day))
    followed(hands, ledger)
    everything = hands.projections.restatements(limit=1000)
    assert everything.position == ledger.head()
    whose: tuple[UUID | None, ...] = (None, ANN)
    for one in whose:
        for size in (1, 2, 3):
            assert paged(hands, one, size) == [
                row for row in everything.items if one in (None, row.contact_id)
            ]
    after = everything.items[3].position
    assert hands.projections.restatements(since_position=after).items == tuple(
        one for one in everything.items if one.position > after
    )


def paged(hands: Hands, contact: UUID | None, size: int) -> list[RestatementRow]:
    """All rows, a few at a time."""
    found: list[RestatementRow] = []
    after = None
    while True:
        page = hands.projections.restatements(contact=contact, after=after, limit=size)
        found += page.items
        after = page.next_place
        if after is None:
            return found


@settings(max_examples=40)
@given(seed=seeds)
def test_restatements_are_where_what_is_known_differs_from_what_was_known(seed: int) -> None:
    """In batches of any size, in one pass, and asked minute by minute: whatever happened."""
    with tempfile.TemporaryDirectory() as folder:
        clock, chance = Clock(NOW), Random(seed)
        sizes: dict[str, Any] = {name: chance.choice(some) for name, some in SIZES.items()}
        kept_facts = chance.choice(KEPT_BELIEF_FACTS)
        limits = Limits(**sizes, kept_belief_facts=lambda: kept_facts)
        ledger = MemoryLedger(clock)
        hands = Hands(ledger, clock, Path(folder) / "live.sqlite", limits)
        try:
            for events in Story(seed, ledger, clock).tell():
                if chance.random() < 0.2:
                    hands.fail(NAME, events)
                hands.follow(NAME, events)
                if chance.random() < 0.2:
                    hands.close()
                    hands = Hands(ledger, clock, Path(folder) / "live.sqlite", limits)
                if chance.random() < 0.2:
                    stands = hands.digest(NAME)
                    assert hands.built_anew(NAME, stands.position) == stands.digest
            live = followed_to_the_end(hands, ledger)
            assert hands.built_anew(NAME, ledger.head()) == hands.digest(NAME).digest
            assert live == asked_minute_by_minute(ledger)
        finally:
            hands.close()


SIZES = {
    "restated_events": (3, 500),
    "long_events": (4, 500),
    "step_facts": (5, 20_000),
}
"""What a step takes in: little, so that much begins anew, or as it comes."""

KEPT_BELIEF_FACTS = (0, 60, 100_000)
"""What is kept, likewise."""


def followed_to_the_end(hands: Hands, ledger: EventSource) -> list[Told]:
    """Everything that was restated, once all is taken in."""
    while hands.follow(NAME, ledger.head()):
        pass
    return told(hands)


def asked_minute_by_minute(ledger: MemoryLedger) -> list[Told]:
    """Two questions for every minute and contact: the history as known before it, and with it.

    And two for every policy for the past.
    """
    found: list[Told] = []
    for contact in CONTACTS:
        for first, last in minutes(ledger, contact):
            found += asked(ledger, contact, first, last)
    for version in ledger.policies().versions[1:]:
        if version.effective_from <= ledger.recorded_at(version.position) - GRACE:
            for contact in CONTACTS:
                found += asked(ledger, contact, version.position, version.position)
    return sorted(found)


def asked(ledger: MemoryLedger, contact: UUID, first: int, last: int) -> list[Told]:
    """Where the stages known at ``last`` differ from those known just before ``first``."""
    recorded_at = ledger.recorded_at(last)
    before = history_as_known_at(ledger, contact, first - 1, recorded_at)
    after = history_as_known_at(ledger, contact, last, recorded_at)
    if not before or after is None:
        return []
    return [(last, contact, *stretch) for stretch in differing(before, after, recorded_at)]


def minutes(ledger: MemoryLedger, contact: UUID) -> list[tuple[int, int]]:
    """The first and last position of what was recorded of a contact in each minute.

    What was recorded before it became an alias, and after it is none any more, are apart.
    """
    found: list[tuple[int, int]] = []
    going_on: int | None = None
    aliases = Aliases()
    for recorded in ledger.log(limit=ledger.head()):
        before = aliases.survivor_of(recorded.contact_id)
        stood = aliases.survivor_of(contact) == contact
        if (merge := merge_of(recorded)) is not None:
            aliases.apply(merge)
        whose = {before, aliases.survivor_of(recorded.contact_id)}
        whose |= {aliases.survivor_of(one) for one in referred_by_target(ledger, recorded)}
        minute = recorded.recorded_at // MINUTE
        if not stood or aliases.survivor_of(contact) != contact:
            going_on = None
        if contact not in whose or aliases.survivor_of(contact) != contact:
            continue
        if going_on == minute:
            found[-1] = (found[-1][0], recorded.position)
        else:
            found.append((recorded.position, recorded.position))
        going_on = minute
    return found


def referred_by_target(ledger: MemoryLedger, recorded: RecordedEvent) -> set[UUID]:
    """Who has a referral that an event retracts or corrects, itself or by way of a correction."""
    event = recorded.event
    if not isinstance(event, EventRetracted | EventCorrected):
        return set()
    by_id = {one.id: one for one in ledger.log(limit=recorded.position)}
    target = by_id[event.target]
    if isinstance(event, EventRetracted) and isinstance(target.event, EventCorrected):
        target = by_id[target.event.target]
    received = [one for one in by_id.values() if one.type == "referral-received"]
    return {one.contact_id for one in received if one.causation_id == target.id}


def history_as_known_at(
    ledger: EventSource, contact: UUID, position: int, at: int
) -> tuple[Interval, ...] | None:
    """The stages of a contact up to an instant; None where another stands for it."""
    aliases = Aliases(read_merges(ledger, upto=position))
    if aliases.survivor_of(contact) != contact:
        return None
    history = effective_history(read_group(ledger, contact, aliases, position), contact)
    return fold(history, ledger.policies(position), ledger.time_zone, at).intervals


def differing(
    before: tuple[Interval, ...], after: tuple[Interval, ...], until_at: int
) -> list[tuple[int, int, str, str]]:
    """Looked at from every instant at which either changes, and put together where it goes on."""
    instants = sorted({one.from_at for one in (*before, *after)} | {until_at})
    found: list[tuple[int, int, str, str]] = []
    for from_at, to_at in pairwise(instants):
        if not before[0].from_at <= from_at < until_at:
            continue
        stages = stage_at(before, from_at), stage_at(after, from_at)
        if stages[0] == stages[1]:
            continue
        if found and found[-1][1] == from_at and found[-1][2:] == stages:
            found[-1] = (found[-1][0], to_at, *stages)
        else:
            found.append((from_at, to_at, *stages))
    return [one for one in found if one[1] - one[0] >= GRACE]


def stage_at(intervals: tuple[Interval, ...], at: int) -> str:
    return next((one.stage for one in reversed(intervals) if one.from_at <= at), "contact")


def test_the_random_histories_restate_by_every_kind_of_event() -> None:
    """Else the property above would say little."""
    kinds: set[str] = set()
    for seed in range(12):
        clock = Clock(NOW)
        ledger = MemoryLedger(clock)
        for _ in Story(seed, ledger, clock).tell():
            pass
        events = ledger.log(limit=ledger.head())
        kinds |= {events[one[0] - 1].type for one in asked_minute_by_minute(ledger)}
    assert kinds >= {
        "purchase-made",
        "event-retracted",
        "event-corrected",
        "contact-merged",
        "merge-reversed",
        "policy-published",
        "referral-received",
    }
