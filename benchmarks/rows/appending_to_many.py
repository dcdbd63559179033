"""Row 9: appends to a ledger that holds many events, beside one that holds few."""

from __future__ import annotations

import shutil
import time
from collections import deque
from random import Random
from typing import TYPE_CHECKING

from benchmarks.filling import EVENTS_A_CONTACT, RECORDED_CONTACTS, fill, opened, purchase
from benchmarks.measure import Goal, Line, Outcome, agree, in_turns
from benchmarks.till import stored_head

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from uuid import UUID

    from benchmarks.bench import Bench
    from ledger.drafts import AppendResult

GOAL = Goal(0.80, 0.95)
WAITING = 64
"""How many appends are under way at a time, as from so many connections."""

_SEED = 9


def measure(bench: Bench) -> Outcome:
    """Appends a second of both in process, to as many contacts, none of them in memory yet."""
    size = bench.size
    many, few = bench.fresh(), bench.fresh()
    known, known_of_few = fill(many, size.many_stored_events), fill(few, size.few_stored_events)
    stored = stored_head(many)
    few_contacts, chance = min(len(known), len(known_of_few)), Random(_SEED)
    among_many, among_few = in_turns(
        size.runs,
        # Others in each run: to read what earlier runs appended would be measured as well.
        lambda: appends_a_second(many, chance.sample(known, few_contacts), size.appends_to_stored),
        # On a copy, because with few events those appended would soon be most of them.
        lambda: appends_a_second(_copy_of(few, bench), known_of_few, size.appends_to_stored),
    )
    what = f"appends/s with {stored:,} events stored, in process, to {few_contacts:,} contacts"
    shutil.rmtree(many)
    return Outcome(
        (
            Line(
                row="9", what=what, unit="appends/s", ours=among_many, theirs=among_few, goal=GOAL,
                beside=f"the same with {stored_head(few):,} events",
            ),
        ),
        f"Row 9: stored were {RECORDED_CONTACTS} contacts of {EVENTS_A_CONTACT} events and copies "
        "of them; `--full` stores 10 million.\n",
    )  # fmt: skip  # one argument a line would bury the line


def appends_a_second(folder: Path, contacts: Sequence[UUID], count: int) -> float:
    """Open the ledger, append one purchase after the other, the contacts in turn.

    Raises:
        Disagreement: one has no place of its own in the log.
    """
    appends = [purchase(contacts[place % len(contacts)], place) for place in range(count)]
    positions: list[int] = []
    waiting: deque[Future[AppendResult]] = deque()
    before = stored_head(folder)
    with opened(folder) as ledger:
        started = time.perf_counter()
        for append in appends:
            if len(waiting) == WAITING:
                positions.append(waiting.popleft().result().position)
            waiting.append(ledger.append(append))
        positions += [future.result().position for future in waiting]
        taken = time.perf_counter() - started
    agree("positions", positions, list(range(before + 1, before + count + 1)))
    agree("the log's head", stored_head(folder), before + count)
    return count / taken


def _copy_of(folder: Path, bench: Bench) -> Path:
    copy = bench.fresh()
    shutil.copytree(folder, copy)
    return copy
