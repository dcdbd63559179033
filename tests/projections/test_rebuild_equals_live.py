"""Whatever happened in whatever order, a rebuild holds what the live projection holds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from hypothesis import given, settings

from domain.aliases import Aliases
from domain.calibration import Calibrator, account_of
from domain.history import effective_history
from domain.instants import DAY
from domain.relationship import fold
from projections.groups import read_group, read_merges
from tests.fixtures.clock import Clock
from tests.projections.hands import Hands
from tests.projections.histories import CONTACTS, Story, seeds
from tests.projections.memory import NOW, MemoryLedger


@settings(max_examples=40)
@given(seed=seeds)
def test_a_rebuild_equals_the_live_projection_whatever_happened(seed: int) -> None:
    """Also at the places on the way, and where what is written is lost now and then.

    The live side never needs a later event to come right, and a step that failed leaves nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(NOW)
        ledger = MemoryLedger(clock)
        hands = Hands(ledger, clock, Path(folder) / "live.sqlite")
        try:
            chance = Random(seed)
            for number, events in enumerate(Story(seed, ledger, clock).tell()):
                for name in hands.names:
                    if chance.random() < 0.2:
                        hands.fail(name, events)
                    hands.follow(name, events)
                    if number % 4 == 3:
                        live = hands.digest(name)
                        assert live.digest == hands.built_anew(name, live.position)
            for name in hands.names:
                result = hands.rebuild(name)
                assert result["drift"] == []
                assert result["live_digest"] == result["digest"] == hands.digest(name).digest
        finally:
            hands.close()


@settings(max_examples=15)
@given(seed=seeds)
def test_the_live_rows_say_what_a_fold_of_each_contact_says(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(NOW)
        ledger = MemoryLedger(clock)
        hands = Hands(ledger, clock, Path(folder) / "projections.sqlite")
        projections = hands.projections
        try:
            for events in Story(seed, ledger, clock).tell():
                hands.follow("status", events)
            hands.follow("status", ledger.head())
            aliases = Aliases(read_merges(ledger, upto=ledger.head()))
            for contact in CONTACTS:
                survivor = aliases.survivor_of(contact)
                row = projections.contact_status(contact)
                group = read_group(ledger, survivor, aliases, ledger.head())
                if row is None:
                    assert group == []
                    continue
                assert row.contact_id == survivor
                history = effective_history(group, survivor)
                folded = fold(history, ledger.policies(), ledger.time_zone, clock())
                assert (row.stage, row.score, row.since) == (
                    folded.stage,
                    folded.score,
                    folded.since,
                )
                assert (row.flags, row.policy_version) == (folded.flags, folded.policy_version)
        finally:
            hands.close()


@settings(max_examples=15)
@given(seed=seeds)
def test_the_live_accounts_say_at_any_instant_what_a_fold_says(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        ledger = MemoryLedger(clock)
        hands = Hands(ledger, clock, Path(folder) / "projections.sqlite")
        try:
            for events in Story(seed, ledger, clock).tell():
                hands.follow("status", events)
            hands.follow("status", ledger.head())
            aliases = Aliases(read_merges(ledger, upto=ledger.head()))
            survivors = {aliases.survivor_of(contact) for contact in CONTACTS}
            groups = {one: read_group(ledger, one, aliases, ledger.head()) for one in survivors}
            for days in (0, 1, 30, 200, 500):
                at = clock() - days * DAY
                period = (at - 300 * DAY, at - days * DAY // 4)
                calibrator = Calibrator(*period, at)
                for survivor, group in groups.items():
                    history = effective_history(group, survivor)
                    folded = fold(history, ledger.policies(), ledger.time_zone, at)
                    calibrator.add(account_of(folded))
                found = hands.projections.calibration(*period, at)
                assert found.calibration == calibrator.result()
        finally:
            hands.close()
