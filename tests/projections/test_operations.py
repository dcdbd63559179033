"""Long work in the background, and what can be known of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from domain.errors import LedgerError, OperationNotFound
from projections.operations import Operations, Progress, Work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


SECRET = "her maiden name"


@pytest.fixture
def operations() -> Iterator[Operations]:
    """A place for operations that ends whatever is left."""
    made = Operations()
    yield made
    made.close()


def test_work_is_running_until_it_succeeds(operations: Operations) -> None:
    let_go = threading.Event()

    def work(_work: Work) -> Mapping[str, object]:
        let_go.wait(20)
        return {"answer": 42}

    started = operations.start("count", "things", work)
    assert operations.get(started.id).state == "running"
    let_go.set()
    ended = operations.wait(started.id)
    assert (ended.state, ended.result, ended.problem) == ("succeeded", {"answer": 42}, None)


def test_the_same_work_is_not_started_twice_at_a_time(operations: Operations) -> None:
    let_go = threading.Event()

    def work(_work: Work) -> Mapping[str, object]:
        let_go.wait(20)
        return {}

    first = operations.start("count", "things", work)
    assert operations.start("count", "things", work).id == first.id
    other = operations.start("count", "other things", work)
    assert other.id != first.id
    let_go.set()
    operations.wait(first.id)
    assert operations.start("count", "things", work).id != first.id


def test_cancelled_work_ends_at_its_next_step(operations: Operations) -> None:
    begun = threading.Event()

    def work(work: Work) -> Mapping[str, object]:
        begun.set()
        while True:
            work.advance(1, 2)

    started = operations.start("count", "for ever", work)
    begun.wait(20)
    operations.cancel(started.id)
    assert operations.wait(started.id, 20).state == "cancelled"
    assert operations.cancel(started.id).state == "cancelled"


def test_asking_again_while_the_cancelled_work_ends_starts_anew_after_it(
    operations: Operations,
) -> None:
    """Whoever asks again is not handed what is about to end, and the two never run at once."""
    let_go, ran = threading.Event(), list[str]()

    def slow(work: Work) -> Mapping[str, object]:
        let_go.wait(20)
        ran.append("first")
        work.check()
        return {}

    def quick(_work: Work) -> Mapping[str, object]:
        ran.append("second")
        return {"answer": 42}

    first = operations.start("count", "things", slow)
    operations.cancel(first.id)
    second = operations.start("count", "things", quick)
    assert second.id != first.id
    assert operations.start("count", "things", quick).id == second.id
    let_go.set()
    assert operations.wait(second.id, 20).result == {"answer": 42}
    assert operations.get(first.id).state == "cancelled"
    assert ran == ["first", "second"]


def test_the_problem_of_failed_work_quotes_nobody(
    operations: Operations, caplog: pytest.LogCaptureFixture
) -> None:
    """Only an error meant for people is shown in its own words."""

    def unforeseen(_work: Work) -> Mapping[str, object]:
        raise KeyError(SECRET)

    def foreseen(_work: Work) -> Mapping[str, object]:
        raise LedgerError("the ledger says no")

    first = operations.wait(operations.start("a", "", unforeseen).id)
    second = operations.wait(operations.start("b", "", foreseen).id)
    assert (first.state, first.problem) == ("failed", "KeyError")
    assert (second.state, second.problem) == ("failed", "the ledger says no")
    assert "KeyError" in caplog.text
    assert SECRET not in caplog.text


def test_progress_has_a_rate_and_an_estimate() -> None:
    seen: list[Progress] = []
    work = Work(seen.append)
    work.advance(0, 1000)
    assert (seen[0].done, seen[0].total, seen[0].eta_seconds) == (0, 1000, None)
    work.advance(500, 1000)
    assert seen[1].rate > 0
    assert seen[1].eta_seconds == 0


def test_what_ended_long_ago_is_forgotten() -> None:
    operations = Operations(remembered=2)
    ids = [operations.start("nothing", str(number), lambda _work: {}).id for number in range(1)]
    for number in range(1, 5):
        operations.wait(ids[-1])
        ids.append(operations.start("nothing", str(number), lambda _work: {}).id)
    with pytest.raises(OperationNotFound):
        operations.get(ids[0])
    assert operations.wait(ids[-1]).state == "succeeded"
    with pytest.raises(OperationNotFound):
        operations.cancel(UUID(int=1))


def test_nothing_starts_once_closed(operations: Operations) -> None:
    operations.close()
    assert operations.start("count", "late", lambda _work: {}).state == "cancelled"
