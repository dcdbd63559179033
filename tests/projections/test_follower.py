"""The live side: current, on time, and honest when it cannot go on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from domain.errors import ProjectionBehind, ProjectionNotFound
from domain.instants import DAY, SECOND
from ledger.stores.sqlite.projection_tables import SqliteTableStore
from projections import build as build_module
from projections.build_subscriber import BuildSubscriber
from projections.limits import Limits
from projections.source import Page
from projections.standing import StandingProjection
from projections.status import StatusProjection
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.faults import FULL_DISK, calls_of, failing
from tests.fixtures.waiting import until
from tests.projections.hands import Hands, opened, over
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from domain.history import History
    from domain.relationship import Relationship
    from projections.folding import Moment
    from projections.projections import Projections
    from tests.fixtures.clock import Clock

SECRET = "her maiden name"


class Stumbling(StatusProjection):
    """A status projection with a bug that Ben brings out."""

    def measure(
        self,
        contact: UUID,
        history: History,
        moment: Moment,
        before: Relationship | None = None,
    ) -> Relationship:
        """Everyone's status but Ben's."""
        if contact == BEN:
            raise ValueError(SECRET)
        return super().measure(contact, history, moment, before)


@pytest.fixture
def running(ledger: MemoryLedger, clock: Clock, path: Path) -> Iterator[Projections]:
    """The projections of the ledger, following."""
    projections = opened(ledger, clock, path)
    projections.start()
    yield projections
    projections.close()


def test_an_event_is_reflected_without_being_asked_for(
    running: Projections, ledger: MemoryLedger
) -> None:
    ledger.tell(ANN, "purchase-made")
    running.wake()
    assert running.wait_for(ledger.head(), 20) == ledger.head()
    status = running.contact_status(ANN)
    assert status is not None
    assert (status.stage, status.position) == ("customer", ledger.head())


def test_another_process_s_events_are_found_by_looking(
    running: Projections, ledger: MemoryLedger
) -> None:
    running.wait_for(ledger.head(), 20)
    ledger.tell(ANN, "purchase-made")
    assert running.wait_for(ledger.head(), 20) == ledger.head()


def test_a_stage_changes_when_its_time_comes_without_an_event(
    running: Projections, ledger: MemoryLedger, clock: Clock
) -> None:
    ledger.tell(ANN, "purchase-made")
    running.wake()
    running.wait_for(ledger.head(), 20)
    clock.instant += 400 * DAY
    running.wake()
    until(lambda: running.summary().stages["lapsed_customer"] == 1)
    assert running.summary().as_of == clock.instant


def test_a_build_is_due_at_its_next_breakpoint(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    ledger.tell(ANN, "purchase-made")
    hands.follow("status", ledger.head())
    status, standing = (
        BuildSubscriber(
            hands.projections.follower.build(name),
            hands.store,
            Page(ledger),
            clock,
            lambda: None,
            lambda *_: False,
        )
        for name in ("status", "standing")
    )
    next_breakpoint = status.build.next_breakpoint
    assert next_breakpoint is not None
    clock.instant = next_breakpoint - SECOND // 4
    assert (status.due_seconds(), standing.due_seconds()) == (0.25, None)
    assert not hands.follow("status", 0)
    clock.instant = next_breakpoint
    assert hands.follow("status", 0)


def test_rows_made_for_a_later_instant_are_made_again_for_the_present(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    ledger.tell(ANN, "purchase-made")
    clock.instant += 400 * DAY
    hands.follow("status", ledger.head())
    assert hands.projections.summary().stages["lapsed_customer"] == 1
    clock.instant = NOW
    assert hands.follow("status", 0)
    assert hands.projections.summary().as_of == NOW
    assert hands.projections.summary().stages["customer"] == 1
    assert not hands.follow("status", 0), "there is nothing left to do"


def test_a_reader_gets_rows_of_the_present_after_the_clock_was_put_back(
    running: Projections, ledger: MemoryLedger, clock: Clock
) -> None:
    clock.instant += 400 * DAY
    ledger.tell(ANN, "purchase-made", NOW)
    running.wake()
    until(lambda: running.summary().stages["lapsed_customer"] == 1)
    for instant, stage in ((NOW, "customer"), (NOW - DAY, "contact")):
        clock.instant = instant
        found = running.contact_status(ANN)
        assert found is not None
        assert (found.stage, found.as_of) == (stage, instant)


def test_whoever_waits_for_what_does_not_come_is_told(
    running: Projections, ledger: MemoryLedger
) -> None:
    with pytest.raises(ProjectionBehind, match="not yet"):
        running.wait_for(ledger.head() + 1, 0.01)
    with pytest.raises(ProjectionNotFound):
        running.wait_for(1, 0.01, "moods")


def test_closing_ends_the_waiting(ledger: MemoryLedger, clock: Clock, path: Path) -> None:
    projections = opened(ledger, clock, path)
    projections.start()
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            projections.wait_for(ledger.head() + 1, 60)
        except ProjectionBehind as error:
            caught.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    projections.close()
    waiting.join(20)
    assert len(caught) == 1


def test_a_projection_that_fails_says_so_and_the_other_goes_on(
    ledger: MemoryLedger, clock: Clock, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The problem names the contact's id and no more; what the error quotes stays out of it."""
    projections = opened(ledger, clock, path, projections=(Stumbling(), StandingProjection()))
    projections.start()
    try:
        assert projections.wait_for(ledger.head(), 20, "standing") == ledger.head()
        asked_at = time.monotonic()
        with pytest.raises(ProjectionBehind):
            projections.wait_for(ledger.head(), 20, "status")
        assert time.monotonic() - asked_at < 10, "it will not come, so nobody need wait for it"
        status, standing = projections.states()
        assert (status.state, status.lag) == ("failed", ledger.head())
        assert status.problem == f"ValueError at contact {BEN}, towards position {ledger.head()}"
        assert (standing.state, standing.lag, standing.problem) == ("live", 0, None)
        assert "projection status failed" in caplog.text
        assert SECRET not in caplog.text
    finally:
        projections.close()


def test_a_failure_is_remembered_and_a_rebuild_repairs_it(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    broken = opened(ledger, clock, path, projections=(Stumbling(), StandingProjection()))
    broken.start()
    until(lambda: broken.states()[0].state == "failed")
    operation = broken.operations.wait(broken.rebuild("status").id)
    assert operation.state == "failed"
    assert operation.problem is not None
    assert str(BEN) in operation.problem
    assert SECRET not in operation.problem
    broken.close()
    mended = opened(ledger, clock, path)
    mended.start()
    try:
        assert mended.states()[0].state == "failed"
        operation = mended.operations.wait(mended.rebuild("status").id)
        assert operation.state == "succeeded"
        assert operation.result is not None
        assert operation.result["live_digest"] is None
        assert operation.result["drift"] == []
        assert mended.states()[0].state == "live"
        ledger.tell(BEN, "purchase-made")
        mended.wake()
        assert mended.wait_for(ledger.head(), 20) == ledger.head()
    finally:
        mended.close()


def test_trouble_with_the_file_is_shown_and_passes(hands: Hands) -> None:
    build = hands.projections.follower.build("status")

    with failing(build, "step", FULL_DISK):
        hands.take_turn()
    state = hands.projections.states()[0]
    assert state.state == "waiting"
    assert state.problem is not None
    assert "the disk is full" in state.problem
    hands.take_turn()
    state = hands.projections.states()[0]
    assert (state.state, state.problem, state.lag) == ("live", None, 0)


def test_a_restart_goes_on_where_it_was(ledger: MemoryLedger, clock: Clock, path: Path) -> None:
    first = Hands(ledger, clock, path)
    first.follow("status", 2)
    first.close()
    second = Hands(ledger, clock, path)
    assert second.digest("status").position == 2
    second.follow("status", ledger.head())
    assert second.digest("status").digest == second.built_anew("status", ledger.head())
    second.close()


def test_a_step_that_is_cut_off_leaves_nothing_behind(hands: Hands, ledger: MemoryLedger) -> None:
    """Not a row, not an alias: the step is taken again as if it had never begun."""
    hands.follow("status", ledger.head())
    before = hands.digest("status")
    ledger.tell(ANN, "purchase-made")
    ledger.tell(BEN, "contact-merged", into=str(CAT))

    with failing(build_module, "save", KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        hands.follow("status", ledger.head())
    assert hands.digest("status") == before
    hands.follow("status", ledger.head())
    assert hands.digest("status").digest == hands.built_anew("status", ledger.head())


def test_a_long_log_is_built_rather_than_followed_at_first(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    store = SqliteTableStore(path)
    projections = over(store, ledger, clock, limits=Limits(batch_events=2))
    projections.start()
    try:
        for name in ("status", "standing", "agenda", "restatements"):
            assert projections.wait_for(ledger.head(), 20, name) == ledger.head()
        with store.read() as connection:
            rows = connection.execute("SELECT projection, generation FROM generations").fetchall()
        assert dict(rows) == {"status": 2, "standing": 2, "agenda": 2, "restatements": 2}
    finally:
        projections.close()


def test_whoever_asked_is_told_once_when_a_position_is_reached(
    running: Projections, ledger: MemoryLedger
) -> None:
    running.wait_for(ledger.head(), 20)
    told: list[str] = []
    running.when_reached(ledger.head(), lambda: told.append("there already"))
    assert told == ["there already"]
    let_go = running.when_reached(ledger.head() + 1, lambda: told.append("let go of"))
    running.when_reached(ledger.head() + 1, lambda: told.append("next"))
    running.when_reached(ledger.head() + 1, lambda: 1 / 0)
    running.when_reached(ledger.head() + 2, lambda: told.append("the one after"))
    let_go()
    ledger.tell(ANN, "purchase-made")
    running.wake()
    until(lambda: "next" in told)
    assert told == ["there already", "next"]
    running.close()
    assert told == ["there already", "next", "the one after"]
    with pytest.raises(ProjectionNotFound):
        running.when_reached(1, lambda: None, "moods")


def test_builds_that_follow_together_read_the_log_once(hands: Hands, ledger: MemoryLedger) -> None:
    for number in range(30):
        ledger.tell((ANN, BEN, CAT)[number % 3], "purchase-made", purchase_id=str(number))
    with calls_of(ledger, "log") as calls:
        hands.take_turn()
    assert len([call for call in calls if "after" in call.named]) == 1, "but for streams"
    for name in hands.names:
        assert hands.digest(name).position == ledger.head()
        assert hands.digest(name).digest == hands.built_anew(name, ledger.head())
