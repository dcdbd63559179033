"""Row 17: the restatements of one busy contact, beside those of one of half as many events."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

from api.cli.collecting import collect_seldom
from benchmarks.measure import Goal, Line, Outcome, agree, in_turns
from domain.events.commerce import PurchaseMade
from domain.events.contacts import ContactMerged, ContactRegistered
from domain.instants import DAY, HOUR, SECOND, parse_instant
from domain.presets import PRESETS
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.stores.sqlite.projection_tables import SqliteTableStore
from ledger.stores.sqlite.store import SqliteStore
from projections import generations
from projections.digest import digest
from projections.generations import LIVE, Generation, Tables
from projections.limits import LIMITS
from projections.restatements import RestatementProjection

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from benchmarks.bench import Bench
    from domain.events import Event
    from ledger.ledger import Ledger

    Opened = Callable[[], DataFolder]

GOAL = Goal(2.2, 2.0, at_least=False)
NOW = parse_instant("2026-03-01T12:00:00Z")
SALES_A_DAY = 4
ON_AN_ADDRESS = "in order, on an address of the contact"
"""Sent to a name that nobody registered, which is merged into the contact."""
RECORDED_EACH = SECOND // 1000
"""A thousand a second are recorded, as bulk requests bring them: all of them in one minute."""

_TURNS = 2
"""A turn takes less than a second, and the speed of a shared machine changes more slowly."""

_PAGE = 400
_STEP_EVENTS = 900
"""How far the second build is brought at a time, which is no multiple of its own steps."""


def measure(bench: Bench) -> Outcome:
    """Seconds of the processor for each order of arrival, with nothing of the contact in memory.

    Raises:
        Disagreement: a build that was followed in parts differs from one made in one go.
    """
    collect_seldom()  # as whatever opens a ledger to serve it
    events = bench.size.busy_events
    lines = []
    for order in ("in order", "newest first", "shuffled", ON_AN_ADDRESS):
        clocks = _Clock(), _Clock()
        twice, once = (
            partial(DataFolder.open, bench.fresh(), SqliteStore, clock=clock) for clock in clocks
        )
        with closing(twice()) as folder:
            _told(folder.ledger("main"), clocks[0], order, events)
        with closing(once()) as folder:
            _told(folder.ledger("main"), clocks[1], order, events // 2)
        parts = _built(bench, twice, _STEP_EVENTS)[1]
        agree("followed in parts and in one go", parts, _built(bench, twice)[1])
        ours, theirs = in_turns(
            _TURNS * bench.size.runs,
            partial(_seconds, bench, twice),
            partial(_seconds, bench, once),
        )
        what = f"restatements of a contact of {events:,} sales dated by the day, {order}"
        beside = f"the same of {events // 2:,}"
        lines.append(
            Line(row="17", what=what, unit="s", ours=ours, beside=beside, theirs=theirs, goal=GOAL)
        )
    return Outcome(tuple(lines))


class _Clock:
    """Goes on each time it is looked at."""

    def __init__(self) -> None:
        self.at = NOW - DAY

    def __call__(self) -> int:
        self.at += RECORDED_EACH
        return self.at


def _told(ledger: Ledger, clock: _Clock, order: str, events: int) -> None:
    """Record one contact, registered a day before its sales arrive in that order."""
    ledger.publish_policy(PRESETS["retail"], 0).result()
    contact = ledger.contact_id("till:walk-in")
    first_at = NOW - NOW % DAY - (events // SALES_A_DAY + 1) * DAY
    days = [number // SALES_A_DAY for number in range(events)]
    if order == "newest first":
        days.reverse()
    elif order == "shuffled":
        Random(17).shuffle(days)

    def append(at: int, event: Event, to: UUID = contact) -> Append:
        draft = Draft(contact_id=to, type=event.TYPE, id=uuid4(), occurred_at=at, event=event)
        return Append(drafts=(draft,))

    registered = ContactRegistered(kind="person", name="Walk-in")
    ledger.append(append(first_at, registered)).result()
    sold_to = contact
    if order == ON_AN_ADDRESS:
        sold_to = ledger.contact_id("web:walk-in")
        ledger.append(append(first_at, ContactMerged(into=contact), sold_to)).result()
    clock.at = NOW
    sales = [
        append(
            first_at + day * DAY,
            PurchaseMade(
                purchase_id=str(number), amount_minor=500, currency="EUR", initiated_by="contact"
            ),
            sold_to,
        )
        for number, day in enumerate(days)
    ]
    for start in range(0, events, _PAGE):
        ledger.append_each(sales[start : start + _PAGE]).result()


def _seconds(bench: Bench, opened: Opened) -> float:
    return _built(bench, opened)[0]


def _built(bench: Bench, opened: Opened, most_events: int | None = None) -> tuple[float, str]:
    """Seconds of the processor to follow the log, that many events at a time, and the digest.

    The folder is opened anew, because a stream that an earlier run left in memory is not read.
    """
    projection = RestatementProjection()
    path = bench.fresh()
    path.mkdir()
    tables = SqliteTableStore(path / "projections.sqlite")
    with closing(opened()) as folder, closing(tables) as store:
        ledger = folder.ledger("main")
        head = ledger.head()
        with store.write() as connection:
            empty = Generation(projection.name, 0, projection.version, 0, NOW, None, LIVE)
            made = generations.add(connection, empty, projection.tables)
        build = projection.open(made, store, ledger, LIMITS)
        began = time.process_time()
        while build.position < head:
            upto = min(build.position + (most_events or head), head)
            while build.step(upto, NOW + HOUR):
                pass
        took = time.process_time() - began
        with store.read() as connection:
            return took, digest(projection, Tables(connection, build.generation))
