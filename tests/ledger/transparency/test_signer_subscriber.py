"""The thread that seals: soon, beside the appends, through trouble, and to the end."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ledger.stores.sqlite.transparency_log import SqliteLogStore
from ledger.subscriptions.pacing import SIGNER
from ledger.transparency import checkpoint_signer
from tests.fixtures.faults import failing
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import HandClock, folder_of, open_ledger
from tests.ledger.transparency.growing import goes_on_from, grow_to

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.ledger import Ledger


@pytest.fixture
def sealing(ledger: Ledger) -> Ledger:
    """A ledger that seals by itself; closed by its own fixture."""
    ledger.transparency.start()
    return ledger


def waited_for(reached: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + END_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def test_what_is_appended_is_under_a_checkpoint_soon(sealing: Ledger) -> None:
    log = sealing.transparency
    for head in (2, 3, 700):
        grow_to(sealing, head)
        assert waited_for(lambda: log.checkpoint().size == sealing.head())
    assert goes_on_from(log, list(log.checkpoints()))


def test_checkpoints_are_under_a_second_apart_and_not_one_for_each_event(
    sealing: Ledger,
) -> None:
    log = sealing.transparency
    assert waited_for(lambda: log.checkpoint().size == 1)
    started = time.monotonic()
    while time.monotonic() - started < 2 * SIGNER.turn_seconds:
        grow_to(sealing, sealing.head() + 1)
    assert waited_for(lambda: log.checkpoint().size == sealing.head())
    assert SIGNER.turn_seconds < 1
    most = (time.monotonic() - started) / SIGNER.turn_seconds + 3
    assert len(list(log.checkpoints())) <= most < sealing.head()


def test_where_nothing_is_appended_nothing_is_signed(sealing: Ledger) -> None:
    log = sealing.transparency
    assert waited_for(lambda: log.checkpoint().size == 1)
    kept = list(log.checkpoints())
    log.wake()
    assert log.sign_head() == kept[-1]
    assert list(log.checkpoints()) == kept


def test_the_end_seals_what_is_left(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, HandClock())
    ledger.transparency.start()
    grow_to(ledger, 300)
    ledger.close()
    with closing(open_ledger(tmp_path, HandClock())) as again:
        assert again.transparency.checkpoint().size == again.head() == 300


def test_a_ledger_that_was_not_sealing_signs_nothing_when_it_is_closed(tmp_path: Path) -> None:
    """A copy to try things on would sign a fork, under the key of the ledger it is a copy of."""
    with closing(open_ledger(tmp_path, HandClock())) as ledger:
        grow_to(ledger, 3)
    with closing(open_ledger(tmp_path, HandClock())) as again:
        assert again.transparency.checkpoint().size == 0


def test_the_end_does_not_wait_for_a_long_way_to_be_caught_up(tmp_path: Path) -> None:
    pacing = replace(SIGNER, last_seconds=0.0, step_events=10)
    ledger = open_ledger(tmp_path, HandClock(), signer_pacing=pacing)
    grow_to(ledger, 1000)
    ledger.transparency.start()
    ledger.close()
    with closing(open_ledger(tmp_path, HandClock())) as again:
        assert again.transparency.checkpoint().size < 1000
        assert again.transparency.sign_head().size == 1000
        assert goes_on_from(again.transparency, list(again.transparency.checkpoints()))


def test_a_file_that_another_program_holds_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pacing = replace(SIGNER, turn_seconds=0.0, retry_seconds=0.01)
    with closing(open_ledger(tmp_path, HandClock(), signer_pacing=pacing)) as ledger:
        waits_for_the_file(ledger)
    told = [one for one in caplog.records if "signing of the log waits" in one.getMessage()]
    assert len(told) == 1


def waits_for_the_file(ledger: Ledger) -> None:
    log = ledger.transparency
    assert isinstance(log._store, SqliteLogStore)
    log._store._writer.execute("PRAGMA busy_timeout=1")
    file = sqlite3.connect(folder_of(ledger) / "log.sqlite", isolation_level=None)
    with closing(file) as other:
        other.execute("BEGIN IMMEDIATE")
        log.start()
        assert waited_for(lambda: log.problem is not None)
        assert "another program holds" in str(log.problem)
        assert log.state == "sealing"
        other.execute("ROLLBACK")
    # Nothing is appended meanwhile, so nobody but itself reminds it.
    assert waited_for(lambda: log.checkpoint().size == 1)
    assert waited_for(lambda: log.problem is None)


def test_a_fault_of_ours_stops_the_log_and_nothing_else(sealing: Ledger) -> None:
    log = sealing.transparency
    assert waited_for(lambda: log.checkpoint().size == 1)

    with failing(checkpoint_signer, "leaf_hashes", ZeroDivisionError("personal?")):
        grow_to(sealing, 2)
        assert waited_for(lambda: log.state == "stopped")
        assert log.problem == "it failed unexpectedly: ZeroDivisionError"
        grow_to(sealing, 3)
        assert sealing.head() == 3
        assert log.checkpoint().size == 1
