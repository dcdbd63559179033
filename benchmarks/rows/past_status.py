"""Row 7: a contact with a long past, as of a past instant, beside stock ``repository.get``."""

from __future__ import annotations

from itertools import count, cycle
from random import Random
from typing import TYPE_CHECKING, Any

from api.service.answers.status import Status
from api.service.questions import Question, relationship_of, subject_of
from benchmarks import stock
from benchmarks.bench import settle
from benchmarks.measure import Goal, Line, Outcome, Spread, agree, in_turns, seconds
from domain.events import CATALOGUE
from domain.events.care import TouchMade
from domain.events.commerce import PurchaseMade, VisitMade
from domain.instants import DAY, HOUR
from ledger.drafts import Append, Draft
from ledger.memory_budget import STREAMS, MemoryBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from api.service.questions import Subject
    from api.service.server import OpenLedger
    from benchmarks.bench import Bench

FROM_STORE = Goal(0.25, 0.15, at_least=False)
AGAIN = Goal(0.12, 0.05, at_least=False)
CONTACT = "benchmark:long-standing"
_BEGAN_AT = 1_640_995_200_000_000  # 2022-01-01, so that a thousand days later is still the past
_TIMES = 20
_DRAFTS_AN_APPEND = 400

Story = tuple[int, str, dict[str, Any]]


def measure(bench: Bench) -> Outcome:
    """Milliseconds to one answer, the mean of twenty: of contacts in turn, and of one again.

    There is one contact more than the ledger keeps the events of, so that whoever comes next was
    let go of, and is read from the store.
    """
    story = list(tell(bench.size.stream_events))
    stock_file = bench.fresh()
    _write_stock(stock_file, story)
    shop = stock.Shop(env=stock.stored_in(stock_file))
    customer = stock.customer_id(CONTACT)
    with bench.opened(bench.fresh()) as served:
        most_kept = MemoryBudget().share(STREAMS)()
        contacts = [f"{CONTACT}-{n}" for n in range(most_kept // len(story) + 1)]
        for contact in contacts:
            _append(served, contact, story)
        settle(served)
        as_of = story[-1][0] + DAY
        kept: stock.Customer = shop.repository.get(customer)
        for contact in contacts:
            agree("what both know", _known(ask(served, contact, as_of)[0]), _kept(kept))
        in_turn = cycle(contacts)
        later = count(as_of, HOUR)
        anew, theirs = in_turns(
            bench.size.runs,
            lambda: _milliseconds(lambda: ask(served, next(in_turn), as_of)),
            lambda: _milliseconds(lambda: shop.repository.get(customer)),
        )
        again, theirs_again = in_turns(
            bench.size.runs,
            lambda: _milliseconds(lambda: ask(served, contacts[0], next(later))),
            lambda: _milliseconds(lambda: shop.repository.get(customer)),
        )
    shop.close()
    what = f"status with its evidence, {len(story):,} events, as of a past instant"
    return Outcome(
        (
            _line(f"{what}, read from the store", anew, theirs, len(story), FROM_STORE),
            _line(f"{what}, asked again as of others", again, theirs_again, len(story), AGAIN),
        )
    )


def _line(what: str, ours: Spread, theirs: Spread, events: int, goal: Goal) -> Line:
    return Line(
        row="7",
        what=what,
        unit="ms",
        ours=ours,
        beside=f"stock repository.get of {events:,} events",
        theirs=theirs,
        goal=goal,
    )


def ask(served: OpenLedger, contact: str, as_of: int) -> tuple[Subject, dict[str, Any]]:
    """A contact's status as the server answers it, without HTTP."""
    ledger = served.ledger
    position = ledger.head()
    question = Question(
        ledger, as_of, position, ledger.policies(position), served.aliases.at(position)
    )
    subject = subject_of(question, ledger.contact_id(contact))
    status = Status.of_question(question, subject, relationship_of(question, subject))
    return subject, status.plain()


def tell(event_count: int) -> Iterator[Story]:
    """A contact's events, about one a day: purchases mostly, visits, and touches either way."""
    chance = Random(7)
    yield _BEGAN_AT, "contact-registered", {"kind": "person", "name": f"CDNOW customer {CONTACT}"}
    for number in range(1, event_count):
        at = _BEGAN_AT + number * DAY
        kind = chance.choice(("purchase", "purchase", "purchase", "visit", "touch"))
        if kind == "purchase":
            yield at, "purchase-made", {
                "purchase_id": f"p-{number}", "amount_minor": chance.randrange(100, 9000),
                "currency": "USD", "category": "music", "initiated_by": "contact",
            }  # fmt: skip  # one entry a line says no more
        elif kind == "visit":
            yield at, "visit-made", {"guests": chance.randrange(3)}
        else:
            direction = chance.choice(("inbound", "outbound"))
            yield at, "touch-made", {
                "direction": direction, "purpose": "news", "planned": True, "channel": "telephone",
            }  # fmt: skip  # one entry a line says no more


def _append(served: OpenLedger, name: str, story: list[Story]) -> None:
    ledger = served.ledger
    contact = ledger.contact_id(name)
    for start in range(0, len(story), _DRAFTS_AN_APPEND):
        drafts = tuple(
            Draft(contact_id=contact, type=topic, occurred_at=at, event=CATALOGUE[topic].read(data))
            for at, topic, data in story[start : start + _DRAFTS_AN_APPEND]
        )
        ledger.append(Append(drafts=drafts)).result()


def _write_stock(path: Path, story: list[Story]) -> None:
    shop = stock.Shop(env=stock.stored_in(path))
    customer = stock.register(CONTACT, stock.instant(story[0][0]))
    for occurred_at, topic, data in story[1:]:
        at = stock.instant(occurred_at)
        if topic == "purchase-made":
            customer.purchase(**data, occurred_at=at)
        elif topic == "visit-made":
            customer.visit(data["guests"], at)
        else:
            customer.touch(data["direction"], data["purpose"], data["channel"], at)
    shop.save(customer)
    shop.close()


def _known(subject: Subject) -> tuple[int, int, int, int]:
    events = [fact.event for fact in subject.history.facts]
    spent = [one.amount_minor for one in events if isinstance(one, PurchaseMade)]
    visits = sum(isinstance(one, VisitMade) for one in events)
    return len(spent), sum(spent), visits, sum(isinstance(one, TouchMade) for one in events)


def _kept(customer: stock.Customer) -> tuple[int, int, int, int]:
    return customer.purchases, customer.spent_minor, customer.visits, customer.touches


def _milliseconds(work: Callable[[], object]) -> float:
    return seconds(lambda: [work() for _ in range(_TIMES)]) * 1000 / _TIMES
