"""Many writers, full queues, and commits that fail."""

from __future__ import annotations

import resource
import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from domain.decisions.reasons import refusal
from domain.errors import Refused, Unavailable
from ledger.commit_queue import BATCH_EVENTS
from ledger.drafts import Append
from ledger.mapper import LedgerMapper
from ledger.stores.sqlite.events import LedgerApplicationRecorder
from ledger.stores.sqlite.file_names import EVENTS_FILE
from tests.fixtures.faults import calls_of
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import (
    ANN,
    MASTER_KEY,
    SALE,
    append,
    draft,
    folder_of,
    open_ledger,
    registered,
)
from tests.ledger.inside import keys_of, recorder_of, wrapped_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.drafts import AppendResult, Draft
    from ledger.ledger import Ledger
    from tests.ledger.given import HandClock


@contextmanager
def held_up(ledger: Ledger) -> Iterator[None]:
    """Keep the committer busy after a commit, so that what is appended meanwhile waits together."""
    busy, go_on = Event(), Event()

    def hold(_: int) -> None:
        busy.set()
        go_on.wait(timeout=END_SECONDS)

    ledger.on_commit(hold)
    ledger.append(Append(drafts=(draft(uuid4(), "contact-registered", ANN),)))
    assert busy.wait(timeout=END_SECONDS)
    try:
        yield
    finally:
        go_on.set()


@contextmanager
def held_up_before_it_commits(ledger: Ledger) -> Iterator[None]:
    """Keep the committer waiting for its keys, so that what is appended meanwhile goes together."""
    keys, go_on = keys_of(ledger), Event()
    save = keys.save

    def hold() -> None:
        go_on.wait(timeout=END_SECONDS)
        save()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keys, "save", hold)
        try:
            yield
        finally:
            go_on.set()


def submit(ledger: Ledger, *drafts: Draft) -> Future[AppendResult]:
    return ledger.append(Append(drafts=drafts))


def test_of_concurrent_duplicates_one_is_recorded_and_the_others_replay(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    sales = [
        draft(contact_id, "purchase-made", {**SALE, "purchase_id": str(n)}, id=uuid4())
        for n in range(20)
    ]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda sale: append(ledger, sale), sales * 8))
    assert ledger.head() == 2 + len(sales)
    for sale in sales:
        items = [a.events[0] for a in answers if a.events[0].id == sale.id]
        assert len(items) == 8
        assert sorted(item.replayed for item in items) == [False] + [True] * 7
        assert len({item.position for item in items}) == 1


def test_appends_of_one_batch_are_decided_one_after_the_other(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    append(ledger, draft(contact_id, "purchase-made", SALE))
    refund: dict[str, object] = {"purchase_id": "p1", "amount_minor": 300, "currency": "EUR"}
    with held_up(ledger):
        first = submit(ledger, draft(contact_id, "purchase-reversed", refund))
        second = submit(ledger, draft(contact_id, "purchase-reversed", refund))
    assert first.result(timeout=END_SECONDS).version == 3
    with pytest.raises(Refused) as raised:
        second.result(timeout=END_SECONDS)
    assert raised.value.reason == "beyond-what-is-left"


def test_a_refused_append_takes_no_neighbour_down(ledger: Ledger) -> None:
    known, unknown = registered(ledger), uuid4()
    with held_up(ledger):
        futures = [
            submit(ledger, draft(contact_id, "visit-made", {"guests": 0}))
            for contact_id in (known, unknown, known)
        ]
    assert [f.result(timeout=END_SECONDS).version for f in (futures[0], futures[2])] == [2, 3]
    assert isinstance(futures[1].exception(timeout=END_SECONDS), Refused)
    assert [r.position for r in ledger.stream(known)] == [2, 4, 5]


def test_a_fault_of_ours_in_one_append_takes_no_neighbour_down(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = registered(ledger)
    to_stored_event = LedgerMapper.to_stored_event

    def faulty(mapper: LedgerMapper, recorded: Any) -> Any:
        if recorded.type == "thanks-received":
            raise ZeroDivisionError
        return to_stored_event(mapper, recorded)

    monkeypatch.setattr(LedgerMapper, "to_stored_event", faulty)
    with held_up(ledger):
        before = submit(ledger, draft(contact_id, "visit-made", {"guests": 0}))
        failing = submit(ledger, draft(contact_id, "thanks-received"))
        after = submit(ledger, draft(contact_id, "visit-made", {"guests": 0}))
    assert before.result(timeout=END_SECONDS).version == 2
    assert isinstance(failing.exception(timeout=END_SECONDS), ZeroDivisionError)
    assert after.result(timeout=END_SECONDS).version == 3


def test_a_request_that_went_away_before_its_turn_is_not_recorded(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    with held_up(ledger):
        gone = submit(ledger, draft(contact_id, "visit-made", {"guests": 0}))
        assert gone.cancel()
        stays = submit(ledger, draft(contact_id, "visit-made", {"guests": 1}))
    assert stays.result(timeout=END_SECONDS).version == 2


def test_a_full_queue_turns_appends_away_at_once(tmp_path: Path, clock: HandClock) -> None:
    ledger = open_ledger(tmp_path, clock, waiting_events=3)
    contact_id = registered(ledger)
    visit = draft(contact_id, "visit-made", {"guests": 0})
    with held_up(ledger):
        ledger.check_room()
        accepted = [submit(ledger, visit) for _ in range(3)]
        with pytest.raises(Unavailable, match="waiting"):
            submit(ledger, visit)
        with pytest.raises(Unavailable, match="waiting"):
            ledger.check_room()
    wait(accepted, timeout=END_SECONDS)
    ledger.check_room()
    assert append(ledger, visit).version == 5
    ledger.close()


def test_a_transaction_takes_no_more_than_a_batch(ledger: Ledger) -> None:
    """Else whoever comes first waits for all who came meanwhile, and memory grows with them."""
    contact_id = registered(ledger)
    visit = draft(contact_id, "visit-made", {"guests": 0})
    with calls_of(LedgerApplicationRecorder, "insert_events") as inserts:
        with held_up(ledger):
            futures = [submit(ledger, visit, visit, visit) for _ in range(BATCH_EVENTS // 3 + 1)]
            futures.append(submit(ledger, *[visit] * (BATCH_EVENTS + 1)))
        wait(futures, timeout=END_SECONDS)
    sizes = [len(call.positional[1]) for call in inserts[1:]]  # the first is what holds it up
    assert sizes == [BATCH_EVENTS // 3 * 3, 3, BATCH_EVENTS + 1]


def test_closing_finishes_what_was_accepted_and_takes_no_more(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    contact_id = registered(ledger)
    visit = draft(contact_id, "visit-made", {"guests": 0})
    with held_up(ledger):
        accepted = [submit(ledger, visit) for _ in range(700)]
    ledger.close()
    assert [f.result().version for f in accepted] == list(range(2, 702))
    with pytest.raises(Unavailable, match="closed"):
        submit(ledger, visit)


def test_whoever_listens_badly_does_not_harm_the_append(ledger: Ledger) -> None:
    heads: list[int] = []
    ledger.on_commit(heads.append)
    ledger.on_commit(lambda head: [][head])
    contact_id = registered(ledger)
    assert append(ledger, draft(contact_id, "visit-made", {"guests": 0})).version == 2
    assert heads == [2, 3]


def test_closing_under_a_reader_neither_crashes_nor_cuts_it_off(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    with recorder_of(ledger).datastore.transaction(commit=False) as cursor:
        ledger.close()
        cursor.execute("SELECT count(*) FROM stored_events")
        assert cursor.fetchone()[0] == 1
    for read in (ledger.log, lambda: ledger.event(1)):
        with pytest.raises(Unavailable, match="closed"):
            read()


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """No file of this process can grow beyond the log's present size: what a full disk does."""
    size = (folder / f"{EVENTS_FILE}-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another program writes to the database and does not let go."""
    other = sqlite3.connect(folder / EVENTS_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def read_only(ledger: Ledger) -> Iterator[None]:
    """The connections refuse to write, as on a file system mounted read-only."""
    pragma(ledger, "PRAGMA query_only=ON")
    try:
        yield
    finally:
        pragma(ledger, "PRAGMA query_only=OFF")


def pragma(ledger: Ledger, statement: str) -> None:
    """Tell the ledger's only pooled connection something."""
    datastore = recorder_of(ledger).datastore
    assert datastore.pool.num_in_pool == 1
    with datastore.get_connection(commit=False) as connection:
        connection.cursor().execute(statement)


@pytest.mark.parametrize("fault", ["full disk", "locked", "read-only"])
def test_a_failed_commit_records_nothing_says_so_and_is_survived(
    tmp_path: Path, clock: HandClock, fault: str
) -> None:
    ledger = open_ledger(tmp_path, clock)
    contact_id = registered(ledger)
    pragma(ledger, "PRAGMA busy_timeout=20")
    sale = draft(contact_id, "purchase-made", {**SALE, "items": ["x" * 1500] * 5}, id=uuid4())
    faults = {
        "full disk": lambda: full_disk(tmp_path),
        "locked": lambda: locked(tmp_path),
        "read-only": lambda: read_only(ledger),
    }
    with faults[fault](), pytest.raises(Unavailable) as raised:
        append(ledger, sale)
    detail = str(raised.value)
    told = {"full disk": "disk", "locked": "another program", "read-only": "permissions"}
    assert told[fault] in detail
    assert "nothing of this was recorded" in detail
    assert "Ann" not in detail
    assert ledger.head() == 2
    appended = append(ledger, sale)
    assert (appended.version, appended.position, appended.replayed) == (2, 3, False)
    ledger.close()
    ledger = open_ledger(tmp_path, clock)
    assert [event.position for event in ledger.log()] == [1, 2, 3]
    ledger.close()


def test_a_failed_commit_fails_every_append_of_its_batch(tmp_path: Path, clock: HandClock) -> None:
    ledger = open_ledger(tmp_path, clock)
    contact_id = registered(ledger)
    pragma(ledger, "PRAGMA busy_timeout=20")
    with locked(tmp_path):
        with held_up_before_it_commits(ledger):
            futures = [
                submit(ledger, draft(contact_id, "visit-made", {"guests": n})) for n in range(3)
            ]
        assert all(isinstance(f.exception(timeout=END_SECONDS), Unavailable) for f in futures)
    assert append(ledger, draft(contact_id, "visit-made", {"guests": 9})).version == 2
    ledger.close()


def test_a_key_is_durable_before_the_event_that_needs_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[dict[UUID, bytes]] = []
    insert = LedgerApplicationRecorder.insert_events

    def insert_events(*events: Any, **expected: Any) -> Any:
        stored.append(wrapped_keys(folder_of(ledger)))
        return insert(*events, **expected)

    monkeypatch.setattr(LedgerApplicationRecorder, "insert_events", insert_events)
    contact_id = registered(ledger)
    wrapped = stored[0][contact_id]
    assert MASTER_KEY not in wrapped
    assert len(wrapped) == 12 + 32 + 16


def test_another_writer_on_the_file_is_noticed_and_nothing_is_mixed_up(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger, other = open_ledger(tmp_path, clock), open_ledger(tmp_path, clock)
    contact_id: UUID = registered(ledger)
    with pytest.raises(Unavailable):
        registered(other)
    assert append(other, draft(contact_id, "visit-made", {"guests": 0})).position == 3
    other.close()
    ledger.close()


def test_what_was_accepted_before_a_hold_is_recorded_and_nothing_after_it(
    ledger: Ledger,
) -> None:
    """Whatever the order in which they come: each append is recorded, or refused."""
    stop = Event()
    taken: list[Future[AppendResult]] = []

    def go_on_appending() -> None:
        while not stop.is_set():
            taken.append(ledger.append(Append(drafts=(draft(uuid4(), "contact-registered", ANN),))))

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(go_on_appending) for _ in range(4)]
        while ledger.head() < 20:
            pass
        ledger.hold(lambda: refusal("ledger-archived"))
        held_at = ledger.head()
        stop.set()
        wait(running)
    recorded = [one for one in taken if one.exception() is None]
    assert len(recorded) + 1 == held_at == ledger.head()
    assert {str(one.exception()) for one in taken if one not in recorded} <= {
        str(refusal("ledger-archived"))
    }
    ledger.hold(None)
    assert append(ledger, draft(uuid4(), "contact-registered", ANN)).position == held_at + 1
