"""Row 1: single events appended over HTTP, beside an empty POST on the same server program."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from benchmarks.load import closed_loop
from benchmarks.measure import Goal, Line, Outcome, agree, in_turns
from benchmarks.served import bare, catch_up, rapport
from benchmarks.till import POLICY_EVENTS, check_appended, purchases, register

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from uuid import UUID

    from benchmarks.bench import Bench

GOAL = Goal(0.65, 0.90)
CONNECTIONS = 64


def measure(bench: Bench) -> Outcome:
    """Requests a second of both, each answered before the next on its connection is sent."""
    folder, size = bench.fresh(), bench.size
    with rapport(folder) as ours, bare() as theirs:
        till = Till(ours, folder, size.contacts_at_till)
        appended, empty = in_turns(
            size.runs, lambda: till.rate(size.appends), lambda: empty_posts(theirs, size.appends)
        )
    return Outcome(
        (
            Line(
                row="1",
                what="single-event durable appends over HTTP, 64 connections, SQLite",
                unit="appends/s",
                ours=appended,
                beside="an empty POST of the same bodies, read into a model, same server program",
                theirs=empty,
                goal=GOAL,
            ),
        )
    )


class Till:
    """Appends to a server, which nobody else does."""

    def __init__(self, port: int, folder: Path | str, contacts: int) -> None:
        """Registers so many contacts in a new ledger, in a folder or at the URL of a database."""
        self._port = port
        self._folder = folder
        self.contacts: Sequence[UUID] = register(port, contacts)
        self.head = POLICY_EVENTS + contacts
        catch_up(port, self.head)

    def rate(self, count: int) -> float:
        """How many appends a second are answered; afterwards the projections have caught up.

        Raises:
            Disagreement: one has no place of its own in the log.
        """
        loaded = closed_loop(self._port, purchases(self.contacts, count), CONNECTIONS)
        self.head = check_appended(loaded.replies, self._folder, self.head)
        catch_up(self._port, self.head)
        return loaded.rate


def empty_posts(port: int, count: int) -> float:
    """How many a second the bare program answers."""
    loaded = closed_loop(port, purchases([uuid4()], count), CONNECTIONS)
    agree("empty answers", {(one.status, one.body) for one in loaded.replies}, {(201, "")})
    return loaded.rate
