"""Several projections filled together: one pass over the contacts, and the same rows."""

from __future__ import annotations

import hashlib
import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import msgpack
import pytest

from domain.errors import Unavailable
from domain.instants import DAY
from projections import filling
from projections.generations import Tables
from projections.limits import Limits
from projections.operations import Cancelled, Progress, Work
from projections.rebuild import Rebuild
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.faults import failing
from tests.projections.hands import READ_MODELS, Hands, opened
from tests.projections.memory import NOW, Earlier, MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from projections.builds import ReadModel
    from tests.fixtures.clock import Clock

TOGETHER = ("status", "standing", "agenda")


@pytest.fixture(autouse=True)
def told(ledger: MemoryLedger) -> None:
    """Ann referred Ben, who bought, often; Cat bought too."""
    ledger.tell(ANN, "referral-made", NOW - 40 * DAY, other=str(BEN))
    ledger.tell(CAT, "purchase-made", NOW - 20 * DAY)
    for day in range(30):
        ledger.tell(BEN, "purchase-made", NOW - (60 - day) * DAY, purchase_id=f"p{day}")


class Counted(Earlier):
    """A ledger that counts what is read of its streams."""

    def __init__(self, ledger: MemoryLedger) -> None:
        super().__init__(ledger, ledger.head())
        self.read_count = 0
        self._streams = ledger.streams
        self.streams = self._counted

    def _counted(
        self, *, after: UUID | None = None, upto: int
    ) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
        for contact, events in self._streams(after=after, upto=upto):
            self.read_count += len(events)
            yield contact, events


def rebuild_of(hands: Hands, ledger: MemoryLedger | Earlier, *models: ReadModel) -> Rebuild:
    """A rebuild of some projections together."""
    follower = hands.projections.follower
    return Rebuild(models, hands.store, ledger, follower, hands.clock, hands.limits)


def follow(hands: Hands) -> None:
    """Everything up to date."""
    for name in hands.names:
        hands.follow(name, 1000)


def test_every_event_is_read_once_for_all(hands: Hands, ledger: MemoryLedger) -> None:
    follow(hands)
    counted = Counted(ledger)
    models = [READ_MODELS[name] for name in TOGETHER]
    results = rebuild_of(hands, counted, *models).run(Work(lambda _progress: None))
    assert counted.read_count == ledger.head() - 1
    assert [one["projection"] for one in results] == list(TOGETHER)
    assert all(one["digest"] == one["live_digest"] for one in results)
    assert all(one["drift"] == [] for one in results)


def test_rows_written_in_portions_are_those_of_one_portion(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    hands = Hands(ledger, clock, path, Limits(filled_events=1))
    follow(hands)
    seen: list[Progress] = []
    result = hands.rebuild("status", Work(seen.append))
    hands.close()
    assert result["digest"] == result["live_digest"]
    assert len(seen) > 3
    assert all(one.done <= two.done for one, two in pairwise(seen))


def test_the_digest_of_rows_packed_together_is_that_of_each_packed_alone(hands: Hands) -> None:
    with hands.store.write() as connection:
        tables = Tables(connection, hands.projections.follower.build("standing").generation)
        for table, count in (("merges", 15), ("edges", 16), ("commerce", 4001)):
            columns = ", ".join("?" * {"merges": 3, "edges": 4, "commerce": 2}[table])
            made = [(n.to_bytes(2, "big"),) * columns.count("?") for n in range(count)]
            rows = [(n, *row[1:]) if table == "merges" else row for n, row in enumerate(made)]
            connection.executemany(f"INSERT INTO {tables[table]} VALUES ({columns})", rows)
        sha = hashlib.sha256()
        for one in READ_MODELS["standing"].tables:
            sha.update(msgpack.packb(one.name))
            statement = f"SELECT * FROM {tables[one.name]} ORDER BY {', '.join(one.key)}"
            for row in connection.execute(statement):
                sha.update(msgpack.packb(row))
    assert hands.digest("standing").digest == sha.hexdigest()


def test_indexes_are_there_once_it_is_rebuilt(hands: Hands) -> None:
    follow(hands)

    def indexes() -> list[str]:
        with hands.store.read() as connection:
            rows = connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'index'")
            return sorted(sql.replace("_1", "_N").replace("_2", "_N") for (sql,) in rows if sql)

    before = indexes()
    hands.rebuild("status")
    hands.rebuild("standing")
    hands.rebuild("agenda")
    hands.rebuild("restatements")
    assert indexes() == before


def test_what_one_cannot_deal_with_leaves_all_as_they_were(hands: Hands) -> None:
    follow(hands)
    before = [hands.digest(name) for name in TOGETHER]
    rebuild = rebuild_of(hands, hands.ledger, *[READ_MODELS[name] for name in TOGETHER])  # type: ignore[arg-type]  # a ledger in memory
    with (
        failing(filling, "index_tables", Unavailable("the disk is full")),
        pytest.raises(Unavailable),
    ):
        rebuild.run(Work(lambda _progress: None))
    assert [hands.digest(name) for name in TOGETHER] == before
    with hands.store.read() as connection:
        names = Tables(connection, hands.projections.follower.build("status").generation)
        assert names["rows"] in connection.table_names()
        assert not [one for one in connection.table_names() if one.endswith("_2")]


def test_all_are_rebuilt_in_one_operation(ledger: MemoryLedger, clock: Clock, path: Path) -> None:
    projections = opened(ledger, clock, path)
    try:
        while projections.follower.take_turn():
            pass
        ended = projections.operations.wait(projections.rebuild_all().id)
        assert ended.state == "succeeded"
        assert ended.result is not None
        rebuilds = ended.result["rebuilds"]
        assert isinstance(rebuilds, list)
        assert [one["projection"] for one in rebuilds] == list(Hands.names)
        assert all(one["digest"] == one["live_digest"] for one in rebuilds)
    finally:
        projections.close()


def test_a_rebuild_waits_for_that_of_all_and_can_be_cancelled_meanwhile(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    projections = opened(ledger, clock, path)
    began, goes_on = threading.Event(), threading.Event()

    class Slow(Earlier):
        """A ledger whose contacts come when the test says."""

        def __init__(self) -> None:
            super().__init__(ledger, ledger.head())
            self.streams = self._slow

        def _slow(
            self, *, after: UUID | None = None, upto: int
        ) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
            began.set()
            assert goes_on.wait(30)
            yield from ledger.streams(after=after, upto=upto)

    projections = opened(Slow(), clock, path)
    try:
        while projections.follower.take_turn():
            pass
        first = projections.rebuild_all()
        assert began.wait(30)
        second, third = projections.rebuild("status"), projections.rebuild("standing")
        projections.cancel(second.id)
        assert projections.operations.wait(second.id, 30).state == "cancelled"
        assert projections.operation(third.id).state == "running"
        goes_on.set()
        assert projections.operations.wait(first.id, 30).state == "succeeded"
        assert projections.operations.wait(third.id, 30).state == "succeeded"
    finally:
        goes_on.set()
        projections.close()


def test_a_cancelled_rebuild_of_all_leaves_all_as_they_were(hands: Hands) -> None:
    follow(hands)
    before = [hands.digest(name) for name in TOGETHER]
    work = Work(lambda _progress: work.cancel())
    rebuild = rebuild_of(hands, hands.ledger, *[READ_MODELS[name] for name in TOGETHER])  # type: ignore[arg-type]  # a ledger in memory
    with pytest.raises(Cancelled):
        rebuild.run(work)
    assert [hands.digest(name) for name in TOGETHER] == before
