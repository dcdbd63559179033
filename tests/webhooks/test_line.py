"""The line of a webhook: what is sent when, by instants that are made up."""

from __future__ import annotations

from dataclasses import replace
from random import Random  # noqa: TC003  # hypothesis reads the types of tests
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from api.service.webhooks.attempts import Outcome
from api.service.webhooks.line import Line
from api.service.webhooks.pacing import DELIVERIES, DeliveryPacing
from ledger.stores.webhooks import DEAD, DELIVERED, Delivery
from tests.contracts.webhooks import NAMESPACE, delivery

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
YES, NO = Outcome(204), Outcome(500)
EVERYTHING = 2**62


def line(*deliveries: Delivery, pacing: DeliveryPacing = DELIVERIES) -> Line:
    made = Line(pacing, is_failing=False)
    made.put(deliveries)
    return made


def taken(own: Line, at: int, upto: int = EVERYTHING) -> list[int]:
    return [one.position for one in own.take(at, upto)]


def test_messages_of_a_contact_wait_for_each_other() -> None:
    own = line(*(delivery(number, number % 2) for number in (4, 3, 2, 1)))
    first = list(own.take(10, EVERYTHING))
    assert [one.position for one in first] == [1, 2]
    assert taken(own, 10) == []
    own.settle(first[0], YES, 11)
    assert taken(own, 11) == [3]
    own.settle(first[1], NO, 11)
    assert taken(own, 12) == []
    assert own.due_at(12, EVERYTHING) is not None


def test_what_may_still_be_preceded_waits() -> None:
    own = line(delivery(1, 1), delivery(5, 2))
    assert taken(own, 10, 4) == [1]
    assert taken(own, 10, 5) == [5]


def test_not_more_are_on_their_way_than_allowed() -> None:
    own = line(*(delivery(number, number) for number in range(30)))
    assert len(taken(own, 10)) == DELIVERIES.at_once
    assert own.due_at(10, EVERYTHING) is None


def test_a_failing_receiver_gets_one_at_a_time_until_it_answers() -> None:
    own = line(*(delivery(number, number) for number in range(30)))
    first = list(own.take(0, EVERYTHING))
    assert first == []  # they are due at 7
    at = 7
    sent = list(own.take(at, EVERYTHING))
    for one in sent:
        own.settle(one, NO, at)
    assert taken(own, at + 1) == []
    due = own.due_at(at + 1, EVERYTHING)
    assert due is not None
    assert due > at + 5 * SECOND
    (probe,) = own.take(due, EVERYTHING)
    own.settle(probe, YES, due)
    again = taken(own, due)
    assert len(again) == DELIVERIES.at_once, "those that failed meanwhile need not wait"


def test_a_message_is_given_up_after_a_day_of_attempts() -> None:
    own, at, attempts = line(delivery(1), delivery(2)), 7, 0
    ends: list[Delivery] = []
    while (due := own.due_at(at, EVERYTHING)) is not None and attempts < 99:
        at = due
        (sent,) = own.take(at, EVERYTHING)
        kept = own.settle(sent, NO, at)
        attempts, ends = attempts + 1, [*ends, kept]
        if kept.state == DEAD:
            break
    assert ends[-1].state == DEAD
    assert ends[-1].position == 1
    assert ends[-1].at is not None
    assert ends[-1].at == 7 + DAY, "the last attempt is at the end of the day"
    assert 10 < attempts < 20
    assert own.due_at(at, EVERYTHING) is not None, "the next one has its own day"


def test_a_message_that_is_refused_for_a_day_holds_up_no_other_contact() -> None:
    own, at = line(delivery(1, 1)), 7
    while at < 12 * HOUR:
        (sent,) = own.take(at, EVERYTHING)
        own.settle(sent, NO, at)
        at = own.due_at(at, EVERYTHING) or at
    own.put([delivery(2, 1), delivery(3, 2)])
    due = own.due_at(at - HOUR, EVERYTHING)
    assert due is not None
    assert due <= at - HOUR + DELIVERIES.rest_seconds * SECOND
    assert taken(own, due) == [3]


def test_a_receiver_may_ask_for_more_time() -> None:
    own = line(delivery(1, 1), delivery(2, 2))
    (first, _) = own.take(7, EVERYTHING)
    kept = own.settle(first, Outcome(429, None, 600), 7)
    assert kept.next_at == 7 + 600 * SECOND
    long = own.settle(replace(first, attempts=1), Outcome(503, None, 10.0**9), 7)
    assert long.next_at == 7 + DAY


@given(st.integers(min_value=0, max_value=2**128 - 1), st.integers(1, 30))
def test_delays_grow_and_follow_from_the_id(number: int, attempts: int) -> None:
    name = UUID(int=number)
    waits = [DELIVERIES.next_at(name, one, 0, None) for one in range(1, attempts + 1)]
    assert waits == [DELIVERIES.next_at(name, one, 0, None) for one in range(1, attempts + 1)]
    for wait, delay in zip(waits, DELIVERIES.delays_seconds, strict=False):
        assert delay * SECOND <= wait <= delay * SECOND * 6 // 5
    assert max(waits) <= DELIVERIES.delays_seconds[-1] * SECOND * 6 // 5


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=60), st.randoms())
def test_every_message_arrives_once_and_in_order(
    plan: list[tuple[int, bool]], chance: Random
) -> None:
    """Whatever fails how often, and whenever messages come, contacts see their own order."""
    own, at = Line(DELIVERIES, is_failing=False), 100
    arrived: list[Delivery] = []
    sending: list[Delivery] = []
    for number, (contact, fails) in enumerate(plan, 1):
        own.put([replace(delivery(number, contact), id=uuid5(NAMESPACE, str(number)))])
        sending += own.take(at, EVERYTHING)
        if sending:
            one = sending.pop(chance.randrange(len(sending)))
            kept = own.settle(one, NO if fails else YES, at)
            arrived += [kept] if kept.state == DELIVERED else []
        at += SECOND
    while sending or own.due_at(at, EVERYTHING) is not None:
        at = max(at, own.due_at(at, EVERYTHING) or at)
        sending += own.take(at, EVERYTHING)
        arrived.append(own.settle(sending.pop(), YES, at))
    assert sorted(one.position for one in arrived) == list(range(1, len(plan) + 1))
    for contact in range(1, 5):
        ids = [one.position for one in arrived if one.contact == UUID(int=contact)]
        assert ids == sorted(ids)
