"""What was folded is gone on with where nothing of the past changed, and only there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.aliases import Aliases, Merge
from domain.errors import Unavailable
from domain.history import effective_history, extend
from domain.instants import DAY, HOUR, parse_instant
from domain.relationship import fold
from projections import build as build_module
from projections import folding
from projections.build import Build
from projections.folding import CachedHistory, Histories, Touch
from projections.groups import read_group
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.faults import failing
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from domain.history import History
    from domain.relationship import Relationship
    from tests.fixtures.clock import Clock
    from tests.projections.hands import Hands

MORNING = parse_instant("2025-12-17T08:00:00Z")


def test_an_amended_time_zone_moves_purchases_to_other_days(
    hands: Hands, ledger: MemoryLedger
) -> None:
    """In Amsterdam breakfast and supper are of one day, in Tokyo of two: twice as many in all."""
    for day in range(3):
        morning = MORNING + 7 * day * DAY
        ledger.tell(ANN, "purchase-made", morning, purchase_id=f"breakfast {day}")
        ledger.tell(ANN, "purchase-made", morning + 10 * HOUR, purchase_id=f"supper {day}")
    hands.follow("status", ledger.head())
    before = hands.digest("status").digest
    ledger.tell(ANN, "registration-amended", time_zone="Asia/Tokyo")
    hands.follow("status", ledger.head())
    assert hands.digest("status").digest != before
    assert hands.digest("status").digest == hands.built_anew("status", ledger.head())


@pytest.mark.parametrize("name", ["status", "standing", "agenda"])
def test_nothing_of_a_step_that_was_lost_is_gone_on_from(
    hands: Hands, ledger: MemoryLedger, name: str
) -> None:
    ledger.tell(ANN, "referral-made", NOW - 9 * DAY, other=str(BEN))
    hands.follow(name, ledger.head())
    ledger.tell(BEN, "purchase-made", NOW - 8 * DAY)
    hands.fail(name, 1)
    build = hands.projections.follower.build(name)
    assert isinstance(build, Build)
    assert build.histories.get(BEN) is None
    hands.follow(name, 1)
    assert hands.digest(name).digest == hands.built_anew(name, ledger.head())


def test_a_failing_step_is_failing(hands: Hands, ledger: MemoryLedger) -> None:
    """Else the tests that lose steps would lose none."""
    before = hands.digest("status")
    build = hands.projections.follower.build("status")
    no_room = failing(build_module, "save", Unavailable("the disk is full"))
    with no_room, pytest.raises(Unavailable):
        build.step(ledger.head(), NOW)
    hands.fail("status", ledger.head())
    assert hands.digest("status") == before
    assert build.position == 0


def test_facts_of_the_instant_of_the_last_are_gone_on_with(
    ledger: MemoryLedger, clock: Clock
) -> None:
    """Once it was met: sales dated by the day cost one more fold, and not one for each of them."""
    policies = ledger.policies()
    folded: Relationship | None = None
    before: History | None = None
    for number in range(6):
        ledger.tell(ANN, "purchase-made", NOW - 20 * DAY, purchase_id=str(number))
        news = ledger.log(after=ledger.head() - 1)
        history = extend(before, news) if before else effective_history(news, ANN)
        assert history is not None
        begun = folded.begun if folded else None
        before, folded = history, fold(history, policies, "UTC", clock(), folded)
        assert (folded.begun is begun) is (number != 1)
        anew = fold(history, policies, "UTC", clock())
        assert (anew.intervals, anew.flags) == (folded.intervals, folded.flags)
        assert anew.signals() == folded.signals()


def test_a_group_is_gone_on_with_by_events_of_every_stream_that_it_had(
    ledger: MemoryLedger,
) -> None:
    """Each at the scope of its stream, as if all were read anew; of no other stream."""
    ledger.tell(BEN, "contact-merged", into=str(ANN))
    aliases, before = Aliases([Merge(ledger.head(), BEN, ANN)]), ledger.head()
    history = effective_history(read_group(ledger, ANN, aliases, before), ANN)
    for contact in (BEN, ANN, BEN, CAT):
        ledger.tell(contact, "purchase-made", purchase_id=f"{ledger.head()}")
    *news, strange = ledger.log(after=before)
    histories = Histories(ledger, lambda: 1000)
    histories.keep(ANN, CachedHistory(history, "measured"))
    histories.follow({ANN: news}, Touch(aliases, [], {ANN}, set()))
    known = histories.get(ANN)
    assert known is not None
    anew = effective_history(read_group(ledger, ANN, aliases, strange.position), ANN)
    assert known.history == anew
    assert [fact.scope for fact in anew.facts[-3:]] == [1, 0, 1]
    histories.follow({ANN: [strange]}, Touch(aliases, [], {ANN}, set()))
    assert histories.get(ANN) is None


def test_an_event_of_a_merged_contact_is_folded_without_its_group_reread(
    hands: Hands, ledger: MemoryLedger
) -> None:
    ledger.tell(BEN, "contact-merged", into=str(ANN))
    hands.follow("status", ledger.head())
    ledger.tell(ANN, "visit-made", NOW)
    hands.follow("status", 1)
    with failing(folding, "read_group", AssertionError("the group was read again")):
        for number in range(3):
            ledger.tell(BEN, "purchase-made", NOW - number * DAY, purchase_id=str(number))
            hands.follow("status", 1)
    assert hands.digest("status").digest == hands.built_anew("status", ledger.head())


def test_purchases_of_a_survivor_and_merged_ones_may_share_an_id(
    hands: Hands, ledger: MemoryLedger
) -> None:
    ledger.tell(BEN, "purchase-made", NOW - 20 * DAY, purchase_id="first")
    ledger.tell(BEN, "contact-merged", into=str(ANN))
    hands.follow("status", ledger.head())
    ledger.tell(ANN, "purchase-made", NOW - 10 * DAY, purchase_id="first")
    hands.follow("status", 1)
    ledger.tell(ANN, "purchase-reversed", NOW, purchase_id="first")
    hands.follow("status", 1)
    status = hands.projections.contact_status(ANN)
    assert status is not None
    assert status.stage == "customer"
    assert hands.digest("status").digest == hands.built_anew("status", ledger.head())


def test_a_referral_of_a_merged_contact_is_the_survivor_s(
    hands: Hands, ledger: MemoryLedger
) -> None:
    made = ledger.tell(ANN, "referral-made", NOW - 30 * DAY, other=str(CAT), level=3)
    for name in hands.names:
        hands.follow(name, ledger.head())
    ledger.tell(CAT, "contact-merged", into=str(BEN))
    ledger.tell(BEN, "purchase-made", NOW - 20 * DAY)
    for name in hands.names:
        hands.follow(name, ledger.head())
        assert hands.digest(name).digest == hands.built_anew(name, ledger.head())
    assert hands.projections.contact_standing(ANN).standing.referrals.won == 1
    ledger.tell(ANN, "event-retracted", target=str(made))
    for name in hands.names:
        hands.follow(name, ledger.head())
        assert hands.digest(name).digest == hands.built_anew(name, ledger.head())


def test_what_was_evaluated_later_is_not_gone_on_with_earlier(
    ledger: MemoryLedger, clock: Clock
) -> None:
    ledger.tell(ANN, "purchase-made", NOW - 20 * DAY)
    history = effective_history(ledger.stream(ANN, upto=ledger.head()), ANN)
    policies = ledger.policies()
    later = fold(history, policies, "UTC", clock() + 2000 * DAY)
    assert later.stage == "lapsed_customer"
    assert fold(history, policies, "UTC", clock(), later).stage == "customer"
    copied = replace(history, facts=tuple(history.facts))
    assert fold(copied, policies, "UTC", clock() + 3000 * DAY, later).machine is later.machine
