"""A pass on a Dask cluster: the same digests, whichever workers die, from store or segments."""

from __future__ import annotations

import logging
import os
import signal
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest
from distributed import LocalCluster

from domain.errors import Corrupt, Unavailable
from domain.instants import DAY
from ledger.drafts import Append
from ledger.events_at_rest import EventsAtRest
from ledger.folder import DataFolder
from ledger.segments.form import LOOKED_UP
from ledger.segments.providing import SegmentProvider
from ledger.stores.sqlite.projection_tables import SqliteTableStore
from ledger.stores.sqlite.store import SqliteLedgerStore, SqliteStore
from projections.dask_filling import OnDask, parts_of_range, ready
from projections.limits import Limits
from projections.operations import Cancelled, Work
from projections.projections import ALL
from projections.rebuild import Rebuild
from tests.projections.hands import over
from tests.projections.histories import CONTACTS
from tests.projections.memory import NOW
from tests.projections.test_with_the_ledger import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from projections.dask_filling import Provide
    from projections.projections import Projections
    from projections.range_filling import RangeTask
    from projections.source import EventSource
    from tests.fixtures.clock import Clock

pytestmark = pytest.mark.dask

LIMITS = Limits(filled_events=3)
RANGE_EVENTS = 6


@contextmanager
def killed_once(store: SqliteLedgerStore, sign: Path, position: int) -> Iterator[EventSource]:
    """The events; the first worker that asks for them is killed after it has read some."""
    with store.read_events(None, position) as source:
        if not sign.exists():
            assert source.log(after=0, limit=5)
            sign.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield source


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a scheduler with two workers in processes of their own."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.ERROR,
    ) as started:
        yield started.scheduler_address


@pytest.fixture
def store(path: Path) -> SqliteTableStore:
    return SqliteTableStore(path)


@pytest.fixture
def folder(tmp_path: Path, clock: Clock) -> Iterator[DataFolder]:
    """A ledger of six contacts: referrals, one corrected, merges, and late purchases."""
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
    yield folder
    folder.close()


@pytest.fixture
def projections(folder: DataFolder, clock: Clock, store: SqliteTableStore) -> Iterator[Projections]:
    held = over(store, folder.ledger("main"), clock, limits=LIMITS)
    while held.follower.take_turn():
        pass
    yield held
    held.close()


def rebuilt(
    cluster: str,
    provide: Provide,
    projections: Projections,
    folder: DataFolder,
    clock: Clock,
    store: SqliteTableStore,
    work: Work,
) -> list[dict[str, object]]:
    on_dask = OnDask(cluster, provide, LIMITS, range_events=RANGE_EVENTS)
    ledger = folder.ledger("main")
    parts = (store, ledger, projections.follower, clock, LIMITS)
    return Rebuild(ALL, *parts, elsewhere=on_dask).run(work)


def test_a_killed_worker_changes_no_digest_wherever_events_are_read(
    cluster: str,
    projections: Projections,
    folder: DataFolder,
    clock: Clock,
    store: SqliteTableStore,
    tmp_path: Path,
) -> None:
    """One worker is killed while it folds; then the same is read from segments, and damaged."""
    kept = folder.ledger("main").store
    assert isinstance(kept, SqliteLedgerStore)
    before = [projections.digest(one.name).digest for one in ALL]
    sign, seen = tmp_path / "killed", list[int]()
    work = Work(lambda progress: seen.append(progress.done))
    killing = ready(partial(killed_once, kept, sign))
    results = rebuilt(cluster, killing, projections, folder, clock, store, work)
    assert sign.exists()
    assert [one["digest"] for one in results] == [one["live_digest"] for one in results] == before
    assert seen == sorted(seen)

    sealed = SegmentProvider(kept, f"file://{tmp_path}/segments", None)
    work = Work(lambda _progress: None)
    results = rebuilt(cluster, sealed, projections, folder, clock, store, work)
    assert [one["digest"] for one in results] == before
    files = sorted(one.name for one in (tmp_path / "segments").glob("main-*/*"))
    assert LOOKED_UP in files
    assert len(files) > 4

    for part in (tmp_path / "segments").glob("main-*/0*.parquet"):
        part.write_bytes(part.read_bytes() + b"!")
    with pytest.raises(Corrupt, match="not as it was written"):
        rebuilt(cluster, sealed, projections, folder, clock, store, work)

    cancelled = Work(lambda _progress: cancelled.cancel())
    with pytest.raises(Cancelled):
        rebuilt(
            cluster,
            ready(partial(kept.read_events, None)),
            projections,
            folder,
            clock,
            store,
            cancelled,
        )
    assert [projections.digest(one.name).digest for one in ALL] == before


def test_a_worker_of_another_version_gives_no_rows() -> None:
    with pytest.raises(Unavailable, match=r"asked by 0\.0: install one version everywhere"):
        parts_of_range(cast("RangeTask", None), "0.0")


def test_segments_answer_as_the_store_does(folder: DataFolder, tmp_path: Path) -> None:
    """Streams in order, from each contact on, one contact, what is looked up, and the tip."""
    ledger = folder.ledger("main")
    head = ledger.head()
    bounds = sorted(CONTACTS)[1:5:2]
    sealed = SegmentProvider(ledger.store, str(tmp_path / "segments"), None)
    read = sealed(head, bounds, Work(lambda _progress: None))
    with read(head) as segments, ledger.store.events_beside() as events:
        stored = EventsAtRest(events, head, None)
        for after in (None, *CONTACTS):
            for page in (2, 2000):
                assert list(segments.streams(after=after, upto=head, page_events=page)) == list(
                    stored.streams(after=after, upto=head)
                )
        for contact in CONTACTS:
            for upto in (head // 2, head):
                assert segments.stream(contact, upto=upto) == stored.stream(contact, upto=upto)
        for types in (("contact-merged",), ("policy-published",), ("event-corrected",)):
            assert segments.log(types=types) == stored.log(types=types)
        assert segments.log(after=head - 1, limit=1) == stored.log(after=head - 1, limit=1)
        assert segments.policies() == stored.policies()
