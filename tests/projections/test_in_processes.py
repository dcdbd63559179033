"""A pass in several processes: the same rows, and a clear end whatever happens to a process."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from contextlib import contextmanager
from functools import partial
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING

import pytest

from domain.instants import DAY
from ledger.drafts import Append
from ledger.folder import DataFolder
from ledger.stores.sqlite.projection_tables import SqliteTableStore
from ledger.stores.sqlite.store import SqliteLedgerStore, SqliteStore
from projections.build import Stumbled
from projections.limits import Limits
from projections.operations import Cancelled, Work
from projections.projections import ALL
from projections.range_filling import WorkerLost
from projections.rebuild import Rebuild
from tests.projections.hands import over
from tests.projections.histories import CONTACTS
from tests.projections.memory import NOW
from tests.projections.test_with_the_ledger import draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from ledger.ledger import Ledger
    from projections.projections import Projections
    from projections.range_filling import ReadEvents
    from projections.source import EventSource
    from projections.tables import TableStore
    from tests.fixtures.clock import Clock

LIMITS = Limits(filled_alone_events=1, filled_events=3)
JOBS = 2


def pool_processes() -> list[BaseProcess]:
    """Those that are left of the processes of a pass; what tests fork for others is none."""
    return [one for one in multiprocessing.active_children() if isinstance(one, SpawnProcess)]


@contextmanager
def killed(_position: int) -> Iterator[EventSource]:
    """A process that is killed when it begins."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield  # type: ignore[misc]  # it does not come so far


@contextmanager
def stumbling(position: int) -> Iterator[EventSource]:
    """A process in which a history cannot be dealt with."""
    raise ValueError(f"nothing stands at {position}")
    yield  # type: ignore[unreachable]  # what makes it a context


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    """Six contacts, one referred, one merged and all with late purchases."""
    folder = DataFolder.open(tmp_path / "data", SqliteStore, clock=clock)
    told = folder.ledger("main")
    clock.instant = NOW - 60 * DAY
    drafts = [draft(one, "contact-registered", NOW - 90 * DAY) for one in CONTACTS]
    told.append(Append(drafts=tuple(drafts))).result(20)
    clock.instant = NOW
    one, other, *rest = CONTACTS
    drafts = [draft(one, "referral-made", NOW - 80 * DAY, other=str(rest[0]), level=3)]
    drafts += [
        draft(contact, "purchase-made", NOW - day * DAY, purchase_id=f"{contact} {day}")
        for contact in CONTACTS
        for day in (70, 40, 20)
    ]
    drafts.append(draft(other, "contact-merged", NOW, into=str(one)))
    told.append(Append(drafts=tuple(drafts))).result(20)
    yield told
    folder.close()


@pytest.fixture
def store(path: Path) -> TableStore:
    """Where the projections are kept."""
    return SqliteTableStore(path)


@pytest.fixture
def projections(ledger: Ledger, clock: Clock, store: TableStore) -> Iterator[Projections]:
    """The projections, at the head of the log."""
    held = over(store, ledger, clock, limits=LIMITS)
    while held.follower.take_turn():
        pass
    yield held
    held.close()


def events_of(ledger: Ledger) -> ReadEvents:
    """How another process reads the ledger."""
    assert isinstance(ledger.store, SqliteLedgerStore)
    return partial(ledger.store.read_events, ledger.time_zone)


@pytest.fixture
def rebuild_with(
    projections: Projections, ledger: Ledger, clock: Clock, store: TableStore
) -> Callable[[ReadEvents], Rebuild]:
    """A rebuild of all in two processes that read the events in some way."""
    parts = (store, ledger, projections.follower, clock, LIMITS)
    return lambda read_events: Rebuild(ALL, *parts, read_events, JOBS)


def digests(projections: Projections) -> list[str]:
    """What each projection holds."""
    return [projections.digest(one.name).digest for one in ALL]


def test_the_rows_are_those_of_one_process(
    projections: Projections, ledger: Ledger, rebuild_with: Callable[[ReadEvents], Rebuild]
) -> None:
    before, seen = digests(projections), list[int]()
    work = Work(lambda progress: seen.append(progress.done))
    results = rebuild_with(events_of(ledger)).run(work)
    assert [one["digest"] for one in results] == [one["live_digest"] for one in results] == before
    assert seen == sorted(seen)
    assert len(seen) > JOBS
    assert pool_processes() == []


@pytest.mark.parametrize(
    ("read_events", "error", "text"),
    [(killed, WorkerLost, "code -9"), (stumbling, ValueError, "nothing stands at")],
)
def test_a_process_that_fails_leaves_the_live_builds(
    projections: Projections,
    rebuild_with: Callable[[ReadEvents], Rebuild],
    read_events: ReadEvents,
    error: type[Exception],
    text: str,
) -> None:
    before = digests(projections)
    rebuild = rebuild_with(read_events)
    with pytest.raises(error, match=text):
        rebuild.run(Work(lambda _progress: None))
    assert digests(projections) == before
    assert pool_processes() == []


def test_a_cancelled_pass_leaves_no_process_behind(
    projections: Projections, ledger: Ledger, rebuild_with: Callable[[ReadEvents], Rebuild]
) -> None:
    before = digests(projections)
    work = Work(lambda _progress: work.cancel())
    with pytest.raises(Cancelled):
        rebuild_with(events_of(ledger)).run(work)
    assert digests(projections) == before
    assert pool_processes() == []


def test_what_a_process_stumbled_over_is_said_as_it_was() -> None:
    error = Stumbled(CONTACTS[0], 7, ValueError("secret"))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is Stumbled
    assert str(again) == str(error)
