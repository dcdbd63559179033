"""The clock goes on and is put back: rows are those of the present, and the same as a rebuild's."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from hypothesis import given, settings

from domain.aliases import Aliases
from domain.events.contacts import ContactRegistered
from domain.history import effective_history
from domain.instants import DAY, HOUR
from domain.presets import PRESETS
from domain.referrals import edges_of
from domain.relationship import fold
from projections.folding import Moment
from projections.groups import read_group, read_merges
from projections.partners import Partners
from projections.status import StatusProjection
from tests.domain.scenario import ANN
from tests.fixtures.clock import Clock
from tests.fixtures.faults import failing
from tests.projections.hands import Hands
from tests.projections.histories import CONTACTS, Story, seeds
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from projections.projections import Projections

BACK_HOURS = 60 * 24
"""As far as the clock goes on at a time, so that it is put back over many breakpoints."""

_ASKED = ("status", "standing", "agenda")


@settings(max_examples=25)
@given(seed=seeds)
def test_rows_are_those_of_a_rebuild_however_the_clock_was_moved(seed: int) -> None:
    """At many places on the way, also after steps that are lost and after the file is reopened."""
    with tempfile.TemporaryDirectory() as folder:
        clock, path = Clock(NOW), Path(folder) / "live.sqlite"
        ledger = MemoryLedger(clock)
        hands = Hands(ledger, clock, path)
        try:
            chance = Random(seed)
            story = Story(seed, ledger, clock, back_hours=BACK_HOURS)
            for number, events in enumerate(story.tell()):
                if chance.random() < 0.1:
                    hands.close()
                    hands = Hands(ledger, clock, path)
                for name in _ASKED:
                    if chance.random() < 0.2:
                        hands.fail(name, events)
                    hands.follow(name, events)
                    live = hands.digest(name)
                    assert live.as_of == clock()
                    if number % 3 == 2:
                        assert live.digest == hands.built_anew(name, live.position)
            for name in hands.names:
                result = hands.rebuild(name)
                assert result["drift"] == []
                assert result["live_digest"] == result["digest"] == hands.digest(name).digest
        finally:
            hands.close()


@settings(max_examples=25)
@given(seed=seeds)
def test_a_list_says_at_every_instant_what_each_contact_s_own_answer_says(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(NOW)
        ledger = MemoryLedger(clock)
        hands = Hands(ledger, clock, Path(folder) / "live.sqlite")
        try:
            chance = Random(seed)
            for _ in Story(seed, ledger, clock, back_hours=BACK_HOURS).tell():
                for moved in (0, chance.randint(-BACK_HOURS, BACK_HOURS)):
                    clock.instant += moved * HOUR
                    for name in _ASKED:
                        hands.follow(name, ledger.head())
                    _require_same(hands.projections, ledger, clock())
        finally:
            hands.close()


def _require_same(projections: Projections, ledger: MemoryLedger, now: int) -> None:
    """Lists, counts and standings hold what folding each contact as of now gives."""
    aliases = Aliases(read_merges(ledger, upto=ledger.head()))
    moment = Moment(ledger.head(), now, ledger.policies(), ledger.time_zone, aliases)
    partners = Partners(ledger, moment)
    listed = {row.contact_id: row for row in projections.statuses(limit=100).items}
    standings = {row.contact_id: row.standing for row in projections.standings(limit=100).items}
    counted = dict.fromkeys(projections.summary().stages, 0)
    for survivor in {aliases.survivor_of(one) for one in CONTACTS}:
        history = effective_history(read_group(ledger, survivor, aliases, ledger.head()), survivor)
        folded = fold(history, moment.policies, moment.time_zone, now)
        if survivor not in listed:  # a name that nobody registered, and that is no alias any more
            assert not any(isinstance(one.event, ContactRegistered) for one in history.facts)
            continue
        row = listed.pop(survivor)
        assert (row.stage, row.score, row.since) == (folded.stage, folded.score, folded.since)
        assert (row.flags, row.policy_version) == (folded.flags, folded.policy_version)
        counted[folded.stage] += 1
        edges = edges_of(history, survivor, aliases.survivor_of)
        if edges:
            own, kept = partners.standing(survivor, edges), standings.pop(survivor)
            assert (own.standing, own.influence) == (kept.standing, kept.influence)
            assert (own.referrals, own.reciprocity) == (kept.referrals, kept.reciprocity)
    assert not listed
    assert not standings
    assert projections.summary().stages == counted
    assert projections.summary().as_of == now


def test_a_clock_put_back_by_a_little_folds_nobody_again(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    """What did not change in between is left alone, however many contacts there are."""
    clock.instant += HOUR
    ledger.tell(ANN, "purchase-made", NOW - DAY)
    hands.follow("status", ledger.head())

    with failing(StatusProjection, "measure", AssertionError("a contact was folded again")):
        clock.instant -= HOUR // 2
        assert hands.follow("status", 0)
        assert hands.projections.summary().as_of == clock()


def test_a_policy_that_comes_into_force_before_the_first_fact_is_shown(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    later = NOW + DAY
    ledger.publish(PRESETS["cafe"], later)
    contact = CONTACTS[5]
    ledger.tell(contact, "contact-registered", later + HOUR)
    hands.follow("status", ledger.head())
    clock.instant = later
    hands.follow("status", 0)
    row = hands.projections.contact_status(contact)
    assert row is not None
    assert row.policy_version == 2
    live = hands.digest("status")
    assert live.digest == hands.built_anew("status", live.position)
    clock.instant = later - 1
    hands.follow("status", 0)
    again = hands.projections.contact_status(contact)
    assert again is not None
    assert again.policy_version == 1
