"""Every figure of the book against a second reading of the events, over random histories."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given, settings

from api.service.book import book_at
from api.service.referral_trees import graph_rows, referrers_at
from api.service.rewards import RewardFilter, rewards_at
from domain.book.book import DIVISIONS, BookQuestion, Within
from domain.instants import DAY, start_of_month
from tests.fixtures.clock import Clock
from tests.money.book_oracle import Payment, SlowBook, month_at
from tests.money.told import CURRENCIES, Told, moment_in, told
from tests.projections.histories import seeds
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from domain.book.book import BookRow, BookTotals

ZONE = "Europe/Amsterdam"


def slow_book(story: Told) -> SlowBook:
    """The second reading, told what rewards were paid and who has the credit."""
    ledger, moment = story
    found = rewards_at(story.ledger, moment, RewardFilter(), None)
    payments = [
        Payment(reward.referrer, entry.at, entry.currency, -entry.amount_minor)
        for reward in found.rewards
        for entry in reward.entries
        if entry.kind in ("paid", "reversed")
    ]
    graph = graph_rows(story.ledger, moment, referrers_at(story.ledger, moment, None), None)
    referred = {one.other for row in graph for one in row.referrals if one.credited}
    log = ledger.log(limit=ledger.head())
    return SlowBook(log, moment.policies, moment.at, payments, referred)


def figures(row: BookRow) -> dict[str, Any]:
    """A row as the second reading gives it."""
    sums = row.sums
    return {
        "gross": sums.gross_minor,
        "refunds": sums.refunds_minor,
        "net": sums.net_minor,
        "purchases": sums.purchases,
        "contacts": sums.contacts,
        "gestures": sums.gestures_cost_minor,
        "rewards": sums.rewards_paid_minor,
        "contribution": sums.contribution_minor,
    }


def both(story: Told, slow: SlowBook, by: str, first: str | None, last: str | None) -> BookTotals:
    """The book, after each of its figures was compared."""
    found = book_at(story.ledger, story.moment, BookQuestion(first, last, by), None)
    rows = {(row.key, row.currency): figures(row) for row in found.rows}
    assert rows == slow.rows(by, first, last)
    totals = {(row.key, row.currency): figures(row) for row in found.totals}
    assert totals == slow.rows("all", first, last)
    start = None if first is None else start_of_month(first, ZONE)
    end = None if last is None else start_of_month(last, ZONE, 1)
    assert {one.currency: one[1:] for one in found.beside} == slow.beside(first, last, start, end)
    stages = found.stages
    changed = (stages.new_clients, stages.falls, stages.regained)
    assert changed == slow.changes(start, end)
    return found


@settings(max_examples=15)
@given(seeds)
def test_every_figure_is_that_of_a_second_reading(seed: int) -> None:
    """Of everything, and of months in which refunds of earlier purchases lie."""
    story = told(seed)
    slow, chance = slow_book(story), Random(seed)
    months = sorted(
        {month_at(story.moment.at - days * 86_400_000_000) for days in range(0, 500, 20)}
    )
    for by in DIVISIONS:
        both(story, slow, by, None, None)
    first, last = sorted(chance.choices(months, k=2))
    for bounds in ((first, last), (first, None), (None, last)):
        both(story, slow, chance.choice(DIVISIONS), *bounds)


@pytest.mark.parametrize("by", DIVISIONS)
def test_months_sum_to_the_whole(by: str) -> None:
    """Of one long history, in which all kinds of entries stand."""
    story = told(19, 400)
    slow = slow_book(story)
    whole = both(story, slow, by, None, None)
    assert whole.totals
    assert {row.currency for row in whole.totals} == set(CURRENCIES)
    sums = [row.sums for row in whole.totals]
    assert all(one.gross_minor for one in sums)
    assert any(one.refunds_minor for one in sums)
    assert any(one.gestures_cost_minor for one in sums)
    assert any(one.rewards_paid_minor for one in sums)
    entries = [
        one
        for reward in rewards_at(story.ledger, story.moment, RewardFilter(), None).rewards
        for one in reward.entries
    ]
    assert {"earned", "paid", "reversed"} <= {one.kind for one in entries}
    for total in whole.totals:
        rows = [row.sums for row in whole.rows if row.currency == total.currency]
        assert sum(one.net_minor for one in rows) == total.sums.net_minor
        assert sum(one.purchases for one in rows) == total.sums.purchases


def test_the_ten_who_brought_most_are_a_part_of_all() -> None:
    """Twelve contacts brought 1, 2 and up to 12 cents; another currency has a top of its own.

    A yen stands before twelve cents: it is more in whole units.
    """
    clock = Clock(NOW)
    memory = MemoryLedger(clock)
    for number in range(1, 13):
        contact = UUID(int=100 + number)
        memory.tell(contact, "contact-registered", clock() - DAY)
        for currency, amount_minor in (("EUR", number), ("JPY", 1)):
            bought = {
                "purchase_id": currency,
                "amount_minor": amount_minor,
                "currency": currency,
                "initiated_by": "contact",
            }
            memory.tell(contact, "purchase-made", clock(), **bought)
    story = Told(memory, moment_in(memory, clock()))
    whole = both(story, slow_book(story), "contact", None, None)
    assert [one.top_ten_percent for one in whole.beside] == [100 * 75 // 78, 100 * 10 // 12]
    assert [row.currency for row in whole.rows] == ["JPY"] * 12 + ["EUR"] * 12
    assert [row.sums.net_minor for row in whole.rows[12:]] == [*range(12, 0, -1)]


@pytest.mark.parametrize("by", DIVISIONS)
def test_what_stands_within_a_row_sums_to_the_row(by: str) -> None:
    """Divided by people and by months, for every row of a long history."""
    story = told(7, 400)
    whole = book_at(story.ledger, story.moment, BookQuestion(by=by), None)
    for key in dict.fromkeys(row.key for row in whole.rows):
        wanted = {row.currency: figures(row) for row in whole.rows if row.key == key}
        for inner in ("contact", "month"):
            question = BookQuestion(by=inner, within=Within.read(Within(by, key).text))
            found = book_at(story.ledger, story.moment, question, None)
            assert {row.currency: figures(row) for row in found.totals} == wanted
            for currency, row in wanted.items():
                shown = [one.sums for one in found.rows if one.currency == currency]
                assert sum(one.net_minor for one in shown) == row["net"]
    nobody = BookQuestion(by=by, within=Within("contact", "nobody"))
    assert book_at(story.ledger, story.moment, nobody, None).totals == ()
