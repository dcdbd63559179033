"""What the projections answer."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from domain.aliases import Aliases
from domain.errors import Invalid, ProjectionBehind
from domain.events import STAGES
from domain.history import effective_history
from domain.instants import DAY
from domain.relationship import fold
from projections import status_reading
from projections.groups import read_group, read_merges
from tests.domain.scenario import ANN, BEN, CAT, DAN
from tests.fixtures.clock import Clock
from tests.projections.hands import Hands
from tests.projections.histories import CONTACTS, Story, seeds
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from projections.answers import Cursor, StatusRow


def follow(hands: Hands) -> None:
    """Everything up to date."""
    for name in hands.names:
        hands.follow(name, 1000)


def paged(hands: Hands, limit: int, **question: object) -> list[StatusRow]:
    """A whole list, a page at a time."""
    found: list[StatusRow] = []
    after: Cursor | None = None
    while True:
        page = hands.projections.statuses(after=after, limit=limit, **question)  # type: ignore[arg-type]  # the test names them
        found += page.items
        assert len(page.items) <= limit
        if (after := page.next_cursor) is None:
            return found


def test_an_unknown_contact_has_no_status_and_no_standing(hands: Hands) -> None:
    follow(hands)
    assert hands.projections.contact_status(DAN) is None
    assert hands.projections.contact_standing(DAN).standing.standing == "none"


def test_a_merged_contact_is_answered_for_by_its_survivor(
    hands: Hands, ledger: MemoryLedger
) -> None:
    ledger.tell(ANN, "purchase-made")
    ledger.tell(ANN, "referral-made", other=str(CAT))
    ledger.tell(ANN, "contact-merged", into=str(BEN))
    follow(hands)
    status = hands.projections.contact_status(ANN)
    assert status is not None
    assert (status.contact_id, status.stage) == (BEN, "customer")
    assert hands.projections.contact_standing(ANN).contact_id == BEN
    assert [edge.other for edge in hands.projections.referrals(ANN).made] == [CAT]
    assert hands.projections.summary().stages["customer"] == 1
    ledger.tell(ANN, "merge-reversed", into=str(BEN))
    follow(hands)
    status = hands.projections.contact_status(BEN)
    assert status is not None
    assert (status.contact_id, status.stage) == (BEN, "contact")
    assert hands.projections.referrals(BEN).made == ()


def test_a_chain_of_merges_is_read_to_its_end(hands: Hands, ledger: MemoryLedger) -> None:
    ledger.tell(ANN, "contact-merged", into=str(BEN))
    ledger.tell(BEN, "contact-merged", into=str(CAT))
    follow(hands)
    status = hands.projections.contact_status(ANN)
    assert status is not None
    assert status.contact_id == CAT


def test_a_list_has_everyone_once_whatever_the_size_of_its_pages(
    hands: Hands, ledger: MemoryLedger
) -> None:
    ledger.tell(ANN, "testimonial-given")
    ledger.tell(BEN, "purchase-made", NOW - 10 * DAY)
    follow(hands)
    for limit in (1, 2, 3, 100):
        by_score = paged(hands, limit, sort="score")
        assert [row.contact_id for row in by_score] == [ANN, BEN, CAT]
        by_since = paged(hands, limit, sort="since")
        assert [row.contact_id for row in by_since] == [BEN, ANN, CAT]


def test_a_list_can_be_of_one_stage_or_flag(hands: Hands, ledger: MemoryLedger) -> None:
    ledger.tell(ANN, "testimonial-given")
    ledger.tell(BEN, "purchase-made", NOW - 10 * DAY)
    follow(hands)
    assert [row.contact_id for row in paged(hands, 1, stage="customer")] == [BEN]
    assert [row.contact_id for row in paged(hands, 1, flag="advocate")] == [ANN]
    assert paged(hands, 1, flag="advo") == []
    assert paged(hands, 1, stage="customer", flag="advocate") == []


@pytest.mark.parametrize("few", [0, 1, 1_000])
def test_those_with_a_flag_are_the_same_read_as_few_or_as_many(
    hands: Hands, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    for contact in (ANN, BEN, CAT):
        ledger.tell(contact, "testimonial-given")
    ledger.tell(BEN, "purchase-made", NOW - 10 * DAY)
    ledger.tell(CAT, "purchase-made", NOW - 400 * DAY)
    follow(hands)
    monkeypatch.setattr(status_reading, "MOST_FEW", few)
    flags = {row.contact_id: row.flags for row in paged(hands, 3, flag="advocate")}
    assert "quiet" in flags[CAT], "another combination of flags"
    for limit in (1, 2, 3):
        by_score = paged(hands, limit, flag="advocate", sort="score")
        scores = [row.score for row in by_score]
        assert scores == sorted(scores, reverse=True)
        assert {row.contact_id for row in by_score} == flags.keys() == {ANN, BEN, CAT}
        by_since = paged(hands, limit, flag="advocate", sort="since")
        assert by_since[0].contact_id == BEN
    assert [row.contact_id for row in paged(hands, 1, stage="customer", flag="advocate")] == [BEN]


def test_every_stage_is_in_the_summary(hands: Hands, ledger: MemoryLedger) -> None:
    follow(hands)
    summary = hands.projections.summary()
    assert summary.stages == {stage: 3 if stage == "contact" else 0 for stage in STAGES}
    assert (summary.position, summary.as_of) == (ledger.head(), NOW)


def test_answers_hold_for_now_though_nothing_was_written(hands: Hands, clock: Clock) -> None:
    """Until the next breakpoint the rows are right, so the answer says so."""
    follow(hands)
    clock.instant += DAY
    assert hands.projections.summary().as_of == NOW + DAY
    assert hands.digest("status").as_of == NOW + DAY


def test_lists_do_not_look_ahead(hands: Hands, ledger: MemoryLedger, clock: Clock) -> None:
    ledger.tell(ANN, "purchase-made")
    follow(hands)
    with pytest.raises(Invalid) as caught:
        hands.projections.summary(as_of=NOW + 400 * DAY)
    assert caught.value.code == "invalid-time"
    clock.instant += 500 * DAY
    with pytest.raises(ProjectionBehind):
        hands.projections.statuses(as_of=NOW + 400 * DAY)
    follow(hands)
    assert hands.projections.summary(as_of=NOW + 400 * DAY).stages["lapsed_customer"] == 1


def test_flags_are_not_asked_of_the_past(hands: Hands) -> None:
    follow(hands)
    with pytest.raises(Invalid):
        hands.projections.statuses(as_of=NOW - DAY, flag="quiet")


def test_standings_list_the_most_influential_first(hands: Hands, ledger: MemoryLedger) -> None:
    ledger.tell(ANN, "referral-made", other=str(CAT), level=1)
    ledger.tell(BEN, "referral-made", other=str(CAT), level=5)
    follow(hands)
    first = hands.projections.standings(limit=1)
    assert [one.contact_id for one in first.items] == [BEN]
    second = hands.projections.standings(limit=1, after=first.next_cursor)
    assert [one.contact_id for one in second.items] == [ANN]
    assert second.next_cursor is None
    assert len(hands.projections.standings(standing="introducer").items) == 2
    assert hands.projections.standings(standing="partner").items == ()
    received = hands.projections.referrals(CAT).received
    assert [edge.referrer for edge in received] == [ANN, BEN]


def test_a_purchase_of_the_referred_wins_the_referral(hands: Hands, ledger: MemoryLedger) -> None:
    """Taken in one event at a time, so that it is the purchase alone that tells."""
    ledger.tell(ANN, "referral-made", NOW - 2 * DAY, other=str(BEN))
    follow(hands)
    assert hands.projections.contact_standing(ANN).standing.referrals.won == 0
    bought = ledger.tell(BEN, "purchase-made", NOW - DAY)
    follow(hands)
    assert hands.projections.contact_standing(ANN).standing.referrals.won == 1
    ledger.tell(BEN, "event-retracted", target=str(bought))
    follow(hands)
    assert hands.projections.contact_standing(ANN).standing.referrals.won == 0


@settings(max_examples=15)
@given(seed=seeds)
def test_a_list_of_the_past_is_what_a_fold_as_of_then_says(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(NOW)
        ledger = MemoryLedger(clock)
        for _ in Story(seed, ledger, clock).tell():
            continue
        hands = Hands(ledger, clock, Path(folder) / "projections.sqlite")
        try:
            follow(hands)
            aliases = Aliases(read_merges(ledger, upto=ledger.head()))
            for days in (0, 1, 90, 400):
                at = clock() - days * DAY
                expected = dict.fromkeys(STAGES, 0)
                for contact in CONTACTS:
                    if aliases.survivor_of(contact) == contact:
                        events = read_group(ledger, contact, aliases, ledger.head())
                        history = effective_history(events, contact)
                        folded = fold(history, ledger.policies(), ledger.time_zone, at)
                        if folded.intervals:
                            expected[folded.stage] += 1
                assert hands.projections.summary(as_of=at).stages == expected
                rows = paged(hands, 2, as_of=at)
                assert len(rows) == sum(expected.values())
        finally:
            hands.close()
