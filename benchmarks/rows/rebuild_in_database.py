"""Row 6: a rebuild into the database, beside the stock runner into a view in the same kind."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from benchmarks import stock, stock_view
from benchmarks.database import databases
from benchmarks.measure import Goal, Line, Outcome, agree, in_turns, seconds
from benchmarks.rows.rebuild import rebuild_all
from benchmarks.stock_view import in_file, in_postgresql
from domain.events.commerce import PurchaseMade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from api.service.server import OpenLedger
    from benchmarks.bench import Bench
    from benchmarks.purchases import Purchase
    from benchmarks.stock_view import View

GOAL = Goal(20, 100)


def measure(bench: Bench) -> Outcome:
    """Events a second of both; the stock program is given a part of the events."""
    with bench.opened(bench.copy()) as served:
        return Outcome((_line(bench, served, "SQLite", lambda: in_file(bench.fresh())),))


def measure_postgresql(bench: Bench) -> Outcome:
    """The same with ledger and view in PostgreSQL, each in a database of its own."""
    with databases() as database:
        url, folder = database(), bench.fresh()
        bench.import_into(folder, url)
        with bench.opened(folder, url) as served:
            return Outcome((_line(bench, served, "PostgreSQL", lambda: in_postgresql(database())),))


def _line(bench: Bench, served: OpenLedger, store: str, view: Callable[[], View]) -> Line:
    part = list(_first_contacts(bench.purchases, bench.size.stock_projected_events))
    shop = stock.Shop()
    stock_events = stock.record(shop, part)
    expected = _spent(served, part)

    def run_stock() -> float:
        views: list[object] = []
        kept = view()
        taken = seconds(lambda: views.append(stock_view.project(shop, kept, stock_events)))
        agree("what customers spent", views, [expected])
        return stock_events / taken

    events = served.ledger.head()
    ours, theirs = in_turns(bench.size.runs, lambda: events / rebuild_all(served), run_stock)
    return Line(
        row="6",
        what=f"rebuild of all projections into {store} ({bench.file.label})",
        unit="events/s",
        ours=ours,
        beside=f"stock ProjectionRunner, {stock_events:,} events in memory to sums in {store}",
        theirs=theirs,
        goal=GOAL,
    )


def _first_contacts(purchases: Sequence[Purchase], most_events: int) -> Iterator[Purchase]:
    """The purchases of the first contacts, whole contacts only."""
    events = 0
    for _, group in groupby(purchases, key=lambda one: one.customer):
        own = list(group)
        events += len(own) + 1
        if events > most_events:
            return
        yield from own


def _spent(served: OpenLedger, part: Sequence[Purchase]) -> dict[UUID, tuple[int, int]]:
    """The view's content by our ledger: purchases and their sum, under the stock program's ids."""
    spent = {}
    for reference in {one.customer for one in part}:
        contact = served.ledger.contact_id(f"cdnow:{reference}")
        events = [one.event for one in served.ledger.stream(contact)]
        amounts = [one.amount_minor for one in events if isinstance(one, PurchaseMade)]
        spent[stock.customer_id(reference)] = (len(amounts), sum(amounts))
    return spent
