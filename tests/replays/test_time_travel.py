"""Whatever happened: what is answered of the past is what would have been answered then."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from api.service.answers.lists import StatusRow
from api.service.questions import At, Knowledge
from api.service.replays.preview import Proposal
from domain.instants import DAY, HOUR, format_instant, parse_instant
from domain.presets import PRESETS
from tests.fixtures.clock import Clock
from tests.projections.hands import Hands
from tests.projections.histories import CONTACTS, Story, seeds
from tests.projections.memory import NOW, MemoryLedger
from tests.replays.asked import moment, of_one, previewed, replayed, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from projections import answers
    from projections.folding import Moment


def told(seed: int) -> tuple[MemoryLedger, Clock, Random]:
    """A ledger with a random history, and the chance to choose cut-offs with."""
    clock = Clock(NOW)
    ledger = MemoryLedger(clock)
    for _ in Story(seed, ledger, clock).tell():
        continue
    return ledger, clock, Random(seed)


def some_instant(chance: Random, clock: Clock) -> int:
    """Any time in the last two years, or some hours ahead."""
    return clock() - chance.randint(-20, 700 * 24) * HOUR


def some_moment(ledger: MemoryLedger, clock: Clock, chance: Random) -> Moment:
    """What any of the three parameters ask for, alone or together, or none."""
    versions = len(ledger.policies().versions)
    asked = At(
        chance.choice((None, some_instant(chance, clock))),
        chance.choice((None, Knowledge(position=chance.randint(1, ledger.head())))),
        chance.choice((None, chance.randint(1, versions))),
    )
    return moment(ledger, clock(), asked)


def status_row(row: answers.StatusRow) -> dict[str, Any]:
    """A row as the list has it."""
    return StatusRow.model_validate(row).plain()


@contextmanager
def followed(ledger: MemoryLedger, clock: Clock, name: str = "status") -> Iterator[Hands]:
    """The projections of a ledger, the one of that name of all of it."""
    with tempfile.TemporaryDirectory() as folder:
        hands = Hands(ledger, clock, Path(folder) / "projections.sqlite")
        try:
            while hands.follow(name, ledger.head()):
                continue
            yield hands
        finally:
            hands.close()


@settings(max_examples=40)
@given(seed=seeds)
def test_as_known_at_is_what_a_ledger_that_stopped_there_answers(seed: int) -> None:
    """Status, history and standing of every contact, and the replay to the byte, at any as_of."""
    ledger, clock, chance = told(seed)
    for _ in range(3):
        position = chance.randint(1, ledger.head())
        as_of = chance.choice((None, some_instant(chance, clock)))
        stopped = ledger.stopped(position)
        then = moment(ledger, clock(), At(as_of, Knowledge(position=position)))
        there = moment(stopped, clock(), At(as_of))
        assert replayed(ledger, then) == replayed(stopped, there)
        for contact in CONTACTS:
            assert of_one(ledger, then, contact) == of_one(stopped, there, contact)


@settings(max_examples=25)
@given(seed=seeds)
def test_a_replay_says_of_each_contact_what_its_status_says(seed: int) -> None:
    ledger, clock, chance = told(seed)
    for _ in range(3):
        at = some_moment(ledger, clock, chance)
        account, content = replayed(ledger, at)
        found = {row["contact_id"]: row for row in rows(content)}
        assert account["contacts"] == len(found)
        for contact in CONTACTS:
            told_of_one = of_one(ledger, at, contact)
            if told_of_one is None or told_of_one[0]["contact_id"] != str(contact):
                assert str(contact) not in found, "neither unknown nor an alias"
                continue
            status, history, _ = told_of_one
            row = found.get(str(contact))
            assert (row is None) == (history["intervals"] == [])
            if row is not None:
                assert row == {name: status[name] for name in row}


@settings(max_examples=25)
@given(seed=seeds)
def test_as_of_an_instant_with_everything_known_is_the_table_of_intervals(seed: int) -> None:
    ledger, clock, chance = told(seed)
    with followed(ledger, clock) as hands:
        for _ in range(4):
            as_of = min(some_instant(chance, clock), clock())
            account, content = replayed(ledger, moment(ledger, clock(), At(as_of)))
            page = hands.projections.statuses(as_of=as_of, limit=1000)
            listed = {row["contact_id"]: row for row in map(status_row, page.items)}
            assert {row["contact_id"]: (row["stage"], row["since"]) for row in rows(content)} == {
                name: (row["stage"], row["since"]) for name, row in listed.items()
            }
            assert account["stages"] == hands.projections.summary(as_of=as_of).stages


@settings(max_examples=25)
@given(seed=seeds)
def test_a_replay_of_now_is_what_a_rebuild_writes(seed: int) -> None:
    ledger, clock, _ = told(seed)
    with followed(ledger, clock) as hands:
        hands.rebuild("status")
        page = hands.projections.statuses(limit=1000)
        rebuilt = sorted(
            ({**status_row(row), "policy_version": row.policy_version} for row in page.items),
            key=lambda row: str(row["contact_id"]),
        )
        _, content = replayed(ledger, moment(ledger, clock()))
        found = [
            {name: value for name, value in row.items() if name != "evidence_erased"}
            for row in rows(content)
        ]
        assert found == [row for row in rebuilt if row["since"] is not None]


@settings(max_examples=30)
@given(seed=seeds)
def test_a_preview_is_what_publishing_on_a_copy_and_replaying_gives(seed: int) -> None:
    """Both ways of judging: from an instant on as published then, or all instants by the policy."""
    ledger, clock, chance = told(seed)
    policy = PRESETS[chance.choice(sorted(PRESETS))]
    for effective_from in (None, some_instant(chance, clock)):
        to_at = some_instant(chance, clock)
        before = moment(ledger, clock(), At(to_at))
        account, changed = previewed(ledger, before, Proposal(policy, effective_from))
        copied = ledger.stopped(ledger.head())
        copied.publish(policy, effective_from or 0)
        version = len(copied.policies().versions) if effective_from is None else None
        after = moment(copied, clock(), At(to_at, policy_version=version))
        was, is_now = replayed(ledger, before), replayed(copied, after)
        stages = [
            {row["contact_id"]: (row["stage"], row["score"]) for row in rows(content)}
            for _, content in (was, is_now)
        ]
        expected = {
            contact: (stage, stages[1][contact][0])
            for contact, (stage, _) in stages[0].items()
            if stage != stages[1][contact][0]
        }
        assert {row["contact_id"]: (row["from"], row["to"]) for row in changed} == expected
        for row in changed:
            scores = stages[0][row["contact_id"]][1], stages[1][row["contact_id"]][1]
            assert (row["score"]["before"], row["score"]["after"]) == scores
        assert account["stages"]["before"] == was[0]["stages"]
        assert account["stages"]["after"] == is_now[0]["stages"]
        assert (
            account["changes"] == len(expected) == sum(one["count"] for one in account["from_to"])
        )


@settings(max_examples=15)
@given(seed=seeds)
def test_over_a_window_the_stretches_are_where_the_two_differ(seed: int) -> None:
    """Held against single previews at random instants of the window, and at the stretches' ends."""
    ledger, clock, chance = told(seed)
    proposal = Proposal(PRESETS[chance.choice(sorted(PRESETS))])
    from_at, to_at = sorted(some_instant(chance, clock) for _ in range(2))
    at = moment(ledger, clock(), At(to_at))
    window = Proposal(proposal.policy, from_at=from_at)
    _, changed = previewed(ledger, at, window)
    ends = [
        parse_instant(stretch[end]) - step
        for row in changed
        for stretch in row["stretches"]
        for end, step in (("from", 0), ("to", 1), ("to", 0))
        if stretch[end] is not None
    ]
    looked_at = {from_at, to_at, *(chance.randint(from_at, to_at) for _ in range(5)), *ends[:20]}
    for instant in looked_at:
        _, single = previewed(ledger, moment(ledger, clock(), At(instant)), proposal)
        expected = {row["contact_id"]: (row["from"], row["to"]) for row in single}
        assert _at(changed, instant) == expected, format_instant(instant)
    assert to_at - from_at < 800 * DAY


def _at(changed: list[dict[str, Any]], instant: int) -> dict[str, tuple[str, str]]:
    """Who differs at an instant, by the stretches of a window."""
    return {
        row["contact_id"]: (stretch["before"], stretch["after"])
        for row in changed
        for stretch in row["stretches"]
        if parse_instant(stretch["from"]) <= instant
        and (stretch["to"] is None or instant < parse_instant(stretch["to"]))
    }
