"""Whatever was taken back in whatever order: history and stages of a slow second reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.history import Fact, effective_history
from domain.instants import DAY
from domain.relationship import fold
from tests.domain.amended_logs import CONTACTS, amended_logs
from tests.domain.history_oracle import effective, survivor_of
from tests.domain.oracle import judge
from tests.domain.random_histories import INSTANTS, TIMELINES
from tests.domain.test_fold_properties import scores
from tests.domain.test_fold_properties import told as everything_said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random
    from uuid import UUID

    from domain.history import History
    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline


def known(log: Sequence[RecordedEvent], survivor: UUID, random: Random) -> History:
    """The history that the product makes of a survivor's streams, handed over in any order."""
    group = [
        one
        for one in log
        if survivor_of(log, one.contact_id) == survivor
        or one.type in ("event-retracted", "event-corrected")
    ]
    random.shuffle(group)
    return effective_history(group, survivor)


def told(history: History) -> list[tuple[object, ...]]:
    return [
        (one.occurred_at, one.position, one.id, one.event, one.contact_id) for one in history.facts
    ]


@settings(max_examples=200)
@given(amended_logs(), st.randoms(use_true_random=False))
def test_of_what_was_amended_counts_what_was_said_last(
    log: list[RecordedEvent], random: Random
) -> None:
    for contact in CONTACTS:
        if survivor_of(log, contact) == contact:
            stands = effective(log, contact)
            history = known(log, contact, random)
            assert told(history) == [
                (one.occurred_at, one.position, one.id, one.event, one.contact_id) for one in stands
            ]
            excluded = {one.event_id for one in history.retracted}
            assert not excluded & {one.id for one in stands}


@settings(max_examples=150)
@given(amended_logs(), TIMELINES, INSTANTS, st.randoms(use_true_random=False))
def test_the_stages_of_an_amended_history_are_those_of_what_is_left_of_it(
    log: list[RecordedEvent], policies: PolicyTimeline, at: int, random: Random
) -> None:
    for contact in CONTACTS:
        if survivor_of(log, contact) != contact:
            continue
        found = fold(known(log, contact, random), policies, None, at)
        scopes = {contact: 0}
        facts = [
            Fact(
                one.occurred_at, one.position, one.id, one.event, one.contact_id,
                scopes.setdefault(one.contact_id, len(scopes)),
            )
            for one in effective(log, contact)
        ]  # fmt: skip  # one argument a line says no more
        expected = judge(facts, policies, "UTC", at)
        assert [(one.from_at, one.stage) for one in found.intervals] == expected.intervals
        assert scores(found.history, policies, expected) == expected.scores


@settings(max_examples=150)
@given(amended_logs(), TIMELINES, INSTANTS, st.integers(0, 1), st.randoms(use_true_random=False))
def test_nothing_that_is_said_of_an_amended_history_changes_while_it_holds(
    log: list[RecordedEvent], policies: PolicyTimeline, at: int, past: int, random: Random
) -> None:
    """What is left out included: an event that was retracted is not named before it occurred."""
    for contact in CONTACTS:
        if survivor_of(log, contact) != contact:
            continue
        history = known(log, contact, random)
        found = fold(history, policies, None, at + past)
        until_at = found.holds_until
        later = until_at - 1 if until_at is not None else at + 5000 * DAY
        assert everything_said(fold(history, policies, None, later)) == everything_said(found)
        occurred = {one.id: one.occurred_at for one in log}
        for one in found.exclusions():
            assert one.reason != "retracted" or occurred[one.event_id] <= found.at
