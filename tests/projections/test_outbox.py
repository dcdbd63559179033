"""Whatever happened in whatever order, each change of a row is reported once."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import given, settings

from domain.instants import DAY
from domain.notices import (
    ACTION_OPENED,
    ACTION_OVERDUE,
    KINDS,
    REWARD_DUE,
    STAGE_CHANGED,
    STANDING_CHANGED,
)
from projections.generations import Tables
from projections.row_writing import NEVER
from projections.stage_reports import FIRST_STAGE
from projections.standing_reports import FIRST_STANDING
from tests.fixtures.clock import Clock
from tests.projections.hands import Hands
from tests.projections.histories import CONTACTS, Story, seeds
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.notices import Notice

REPORTING = ("status", "standing", "agenda")
EVERYTHING = frozenset(KINDS)


def notices_of(hands: Hands) -> list[Notice]:
    return [one.notice for one in hands.projections.outbox.notices(0, 100_000)]


def shown_items(hands: Hands) -> tuple[set[tuple[UUID, str]], set[tuple[UUID, str]]]:
    """The items that there are to do now, and those of them that are overdue."""
    shown, overdue, at = set(), set(), hands.clock()
    with hands.store.read() as transaction:
        build = hands.projections.follower.build("agenda")
        name = Tables(transaction, build.generation)["items"]
        for contact, item, due_at, from_at, muted, deferred_until, gone_at in transaction.execute(
            f"SELECT contact, item, due_at, from_at, muted, deferred_until, gone_at FROM {name}"
        ).fetchall():
            put_off = muted or at < (deferred_until or NEVER)
            if from_at <= at and not put_off and (gone_at is None or at < gone_at):
                shown.add((UUID(bytes=contact), item))
                if due_at < at:
                    overdue.add((UUID(bytes=contact), item))
    return shown, overdue


def require_complete(hands: Hands) -> None:
    """What is reported leads, step by step, to what the rows say."""
    stages: dict[UUID, str] = {}
    standings: dict[UUID, str] = {}
    opened: set[tuple[UUID, str]] = set()
    overdue: set[tuple[UUID, str]] = set()
    for one in notices_of(hands):
        assert one.contact_id is not None
        place = one.contact_id, one.key
        if one.kind == STAGE_CHANGED:
            # Who was merged and is apart again begins from the beginning.
            assert one.detail["from"] in (stages.get(one.contact_id, FIRST_STAGE), FIRST_STAGE)
            assert one.detail["from"] != one.key
            stages[one.contact_id] = one.key
        elif one.kind == STANDING_CHANGED:
            before = standings.get(one.contact_id, FIRST_STANDING)
            assert one.detail["from"] in (before, FIRST_STANDING)
            standings[one.contact_id] = one.key
        elif one.kind == ACTION_OPENED:
            opened.add(place)
            overdue.discard(place)
        elif one.kind == ACTION_OVERDUE:
            assert place in opened
            overdue.add(place)
    for contact in CONTACTS:
        row = hands.projections.contact_status(contact)
        if row is not None and row.contact_id == contact:
            assert stages.get(contact, FIRST_STAGE) == row.stage
    shown, late = shown_items(hands)
    assert shown <= opened
    assert late <= overdue


@settings(max_examples=10)
@given(seed=seeds)
def test_what_is_reported_leads_to_what_the_rows_say(seed: int) -> None:
    """Also where steps are lost; a rebuild, and a new start, report nothing again."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(NOW)
        ledger = MemoryLedger(clock)
        path = Path(folder) / "live.sqlite"
        hands = Hands(ledger, clock, path, wanted=lambda: EVERYTHING)
        chance = Random(seed)
        try:
            hands.take_turn()
            for events in Story(seed, ledger, clock).tell():
                for name in hands.names:
                    if chance.random() < 0.2:
                        hands.fail(name, events)
                    hands.follow(name, events)
                if chance.random() < 0.1:
                    clock.pass_days(chance.randrange(40))
            while hands.take_turn():
                pass
            require_complete(hands)
            count = len(notices_of(hands))
            for name in hands.names:
                hands.rebuild(name)
            assert len(notices_of(hands)) == count
            hands.close()
            hands = Hands(ledger, clock, path, wanted=lambda: EVERYTHING)
            while hands.take_turn():
                pass
            assert len(notices_of(hands)) == count
            require_complete(hands)
        finally:
            hands.close()


@settings(max_examples=5)
@given(seed=seeds)
def test_reports_do_not_change_the_rows(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(NOW)
        ledger = MemoryLedger(clock)
        loud = Hands(ledger, clock, Path(folder) / "loud.sqlite", wanted=lambda: EVERYTHING)
        quiet = Hands(ledger, clock, Path(folder) / "quiet.sqlite")
        try:
            for events in Story(seed, ledger, clock).tell(60):
                for name in REPORTING:
                    loud.follow(name, events)
                    quiet.follow(name, events)
            for name in REPORTING:
                assert loud.digest(name).digest == quiet.digest(name).digest
            assert notices_of(quiet) == []
        finally:
            loud.close()
            quiet.close()


def one_contact(clock: Clock) -> MemoryLedger:
    ledger = MemoryLedger(clock)
    ledger.tell(CONTACTS[0], "contact-registered", clock())
    return ledger


def buy(ledger: MemoryLedger, number: int, at: int) -> None:
    data = {
        "purchase_id": str(number),
        "amount_minor": 1000,
        "currency": "EUR",
        "initiated_by": "contact",
    }
    ledger.tell(CONTACTS[0], "purchase-made", at, **data)


def test_instants_do_not_depend_on_when_somebody_looks(tmp_path: Path) -> None:
    """One takes the log in as it grows, one all of it at the end, one goes over all contacts."""
    clock = Clock(NOW)
    ledger = one_contact(clock)
    followed = [
        Hands(ledger, clock, tmp_path / f"{one}.sqlite", wanted=lambda: EVERYTHING)
        for one in range(3)
    ]
    for hands in followed:
        hands.take_turn()
    for week in range(8):
        clock.pass_days(7)
        buy(ledger, week, clock())
        clock.move(3)
        followed[0].take_turn()
    followed[1].take_turn()
    for name in REPORTING:
        followed[2].projections.follower.rest(name)
        followed[2].rebuild(name)
        followed[2].projections.follower.resume(name)
    stages = [
        [
            (one.key, one.instant, one.position)
            for one in notices_of(hands)
            if one.kind == STAGE_CHANGED
        ]
        for hands in followed
    ]
    assert stages[0] == stages[1] == stages[2]
    assert stages[0][0][0] == "customer"
    clock.pass_days(1000)
    for hands in followed:
        while hands.take_turn():
            pass
    fallen = [[one for one in notices_of(h) if one.kind == STAGE_CHANGED][-1] for h in followed]
    assert fallen[0] == fallen[1] == fallen[2]
    assert fallen[0].position == ledger.head()
    for hands in followed:
        hands.close()


def test_nor_do_those_of_what_rests_on_whom_somebody_referred(tmp_path: Path) -> None:
    """Between the events of the two others are recorded, which have nothing to do with it."""
    clock = Clock(NOW)
    ledger = one_contact(clock)
    friend, referrer, stranger = CONTACTS[:3]
    for contact in (referrer, stranger):
        ledger.tell(contact, "contact-registered", clock())
    for other in (friend, stranger):
        data = {"referral_id": str(other), "direction": "inbound", "other": str(other), "level": 1}
        ledger.tell(referrer, "referral-made", clock() - 90 * DAY, **data)
    followed = [
        Hands(ledger, clock, tmp_path / f"{one}.sqlite", wanted=lambda: EVERYTHING)
        for one in range(3)
    ]
    for hands in followed:
        hands.take_turn()
    steps: list[Callable[[], object]] = [
        lambda: ledger.tell(stranger, "visit-made", clock(), guests=0),
        lambda: buy(ledger, 1, clock() - 40 * DAY),  # recorded late: the reward is due by now
        lambda: ledger.tell(stranger, "visit-made", clock(), guests=0),
    ]
    for step in steps:
        clock.move(3)
        step()
        followed[0].take_turn()
    followed[1].take_turn()
    for name in REPORTING:
        followed[2].projections.follower.rest(name)
        followed[2].rebuild(name)
        followed[2].projections.follower.resume(name)
    told = [
        {
            (one.kind, one.key.partition(":")[0], one.instant, one.position)
            for one in notices_of(hands)
            if one.contact_id == referrer
        }
        for hands in followed
    ]
    assert told[0] == told[1] == told[2]
    bought = ledger.log(types=("purchase-made",))[0]
    assert {(kind, at, position) for kind, key, at, position in told[0] if key == "reward"} == {
        (kind, bought.recorded_at, bought.position)
        for kind in (ACTION_OPENED, ACTION_OVERDUE, REWARD_DUE)
    }
    assert (STANDING_CHANGED, "partner", bought.recorded_at, bought.position) in told[0]
    clock.pass_days(1000)
    for hands in followed:
        while hands.take_turn():
            pass
    last = [[one for one in notices_of(h) if one.kind == STANDING_CHANGED][-1] for h in followed]
    assert last[0] == last[1] == last[2]
    newest = ledger.stream(referrer)[-1].position
    assert (last[0].key, last[0].position) == ("dormant", newest)
    assert newest < bought.position
    for hands in followed:
        hands.close()


def test_reports_begin_and_end_with_those_who_want_them(tmp_path: Path) -> None:
    clock = Clock(NOW)
    ledger = one_contact(clock)
    wanted: frozenset[str] = frozenset()
    hands = Hands(ledger, clock, tmp_path / "live.sqlite", wanted=lambda: wanted)
    buy(ledger, 1, clock())
    hands.take_turn()
    assert notices_of(hands) == []
    wanted = frozenset({STAGE_CHANGED})
    hands.take_turn()
    assert notices_of(hands) == [], "what was so before is not news"
    clock.pass_days(1000)
    while hands.take_turn():
        pass
    (fell,) = notices_of(hands)
    assert (fell.detail["from"], fell.key) == ("customer", "lapsed_customer")
    wanted = frozenset()
    hands.take_turn()
    buy(ledger, 2, clock())
    hands.take_turn()
    wanted = frozenset({STAGE_CHANGED})
    hands.take_turn()
    assert notices_of(hands) == [fell]
    hands.close()


def test_another_version_reports_what_differs_and_no_more(tmp_path: Path) -> None:
    """The rows are made from the beginning; those who were told keep what they know."""
    clock = Clock(NOW)
    ledger = one_contact(clock)
    path = tmp_path / "live.sqlite"
    hands = Hands(ledger, clock, path, wanted=lambda: EVERYTHING)
    hands.take_turn()
    for week in range(4):
        clock.pass_days(7)
        buy(ledger, week, clock())
        hands.take_turn()
    before = notices_of(hands)
    with hands.store.write() as transaction:
        name = transaction.name("generations")
        transaction.execute(f"UPDATE {name} SET version = 0")
    hands.close()
    hands = Hands(ledger, clock, path, wanted=lambda: EVERYTHING)
    for _ in range(ledger.head()):
        for name in REPORTING:
            hands.follow(name, 1)
    assert notices_of(hands) == before
    buy(ledger, 9, clock() - DAY)
    while hands.take_turn():
        pass
    require_complete(hands)
    hands.close()
