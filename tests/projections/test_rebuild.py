"""A rebuild beside the live projection: comparable, harmless, and done in one moment."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from domain.errors import Unavailable
from domain.instants import DAY
from projections import filling, generations
from projections.limits import Limits
from projections.operations import Cancelled, Progress, Work
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.faults import failing
from tests.projections.hands import Hands
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.clock import Clock


@pytest.fixture(autouse=True)
def told(ledger: MemoryLedger) -> None:
    """Ann referred Ben, who bought; Cat bought too."""
    ledger.tell(ANN, "referral-made", NOW - 40 * DAY, other=str(BEN))
    ledger.tell(BEN, "purchase-made", NOW - 30 * DAY)
    ledger.tell(CAT, "purchase-made", NOW - 20 * DAY)


def tables(hands: Hands) -> set[str]:
    """The names of all tables in the file."""
    with hands.store.read() as connection:
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return {name for (name,) in rows}


def follow(hands: Hands) -> None:
    """Everything up to date."""
    for name in hands.names:
        hands.follow(name, 1000)


def test_a_rebuild_says_what_it_did(hands: Hands, ledger: MemoryLedger) -> None:
    follow(hands)
    live = hands.digest("status")
    seen: list[Progress] = []
    result = hands.rebuild("status", Work(seen.append))
    assert seen[-1].done == seen[-1].total == result["events"] == ledger.head() - 1
    assert result["projection"] == "status"
    assert result["position"] == ledger.head()
    assert result["digest"] == result["live_digest"] == live.digest
    assert result["drift"] == []
    assert hands.digest("status") == live


def test_nothing_of_the_former_generation_is_left(hands: Hands) -> None:
    follow(hands)
    hands.rebuild("status")
    assert {name for name in tables(hands) if name.startswith("status_")} == {
        "status_merges_2",
        "status_rows_2",
        "status_stage_counts_2",
        "status_intervals_2",
        "status_client_spells_2",
        "status_trades_2",
    }


def test_a_row_that_was_tampered_with_is_found_and_put_right(hands: Hands) -> None:
    follow(hands)
    sound = hands.digest("status").digest
    with hands.store.write() as connection:
        connection.execute(
            "UPDATE status_rows_1 SET stage = 'client', score = 99 WHERE contact = ?", (CAT.bytes,)
        )
    result = hands.rebuild("status")
    assert result["live_digest"] != result["digest"] == sound
    differences = [
        (one["contact"], one["field"], one["live"], one["rebuilt"]) for one in result["drift"]
    ]
    assert differences == [
        (str(CAT), "stage", "client", "customer"),
        (str(CAT), "score", 99, 0),
    ]
    assert hands.digest("status").digest == sound


def test_rows_that_one_side_lacks_are_drift_too(hands: Hands) -> None:
    follow(hands)
    with hands.store.write() as connection:
        connection.execute("DELETE FROM standing_standings_1")
        connection.execute(
            "INSERT INTO standing_commerce_1 SELECT ?, commerce FROM standing_commerce_1 LIMIT 1",
            (ANN.bytes,),
        )
    drift = hands.rebuild("standing")["drift"]
    assert [(one["table"], one["contact"], one["field"]) for one in drift] == [
        ("commerce", str(ANN), "row"),
        ("standings", str(ANN), "row"),
    ]
    assert drift[0]["rebuilt"] is None
    assert drift[1]["live"] is None


def test_a_drift_report_stays_short(hands: Hands) -> None:
    follow(hands)
    with hands.store.write() as connection:
        connection.executemany(
            "INSERT INTO status_rows_1 SELECT ?, stage, score, since, flags, policy_version,"
            " next_breakpoint, changed_at FROM status_rows_1 LIMIT 1",
            [(bytes(15) + bytes([number]),) for number in range(100, 150)],
        )
    assert len(hands.rebuild("status")["drift"]) == 20


def test_reads_and_the_live_side_go_on_while_it_builds(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    follow(hands)
    answers: list[tuple[str, str | None, int]] = []

    def meanwhile(_progress: Progress) -> None:
        if not answers:
            ledger.tell(ANN, "purchase-made")
            clock.instant += DAY
            hands.follow("status", 1)
        status = hands.projections.contact_status(ANN)
        state = hands.projections.states()[0].state
        answers.append((state, status.stage if status else None, hands.digest("status").position))

    result = hands.rebuild("status", Work(meanwhile))
    assert set(answers) == {("rebuilding", "customer", ledger.head())}
    assert result["position"] == ledger.head()
    assert result["digest"] == result["live_digest"]
    assert hands.projections.states()[0].state == "live"


def test_a_cancelled_rebuild_leaves_the_live_projection_as_it_was(hands: Hands) -> None:
    follow(hands)
    live, before = hands.digest("standing"), tables(hands)
    work = Work(lambda _progress: work.cancel())
    with pytest.raises(Cancelled):
        hands.rebuild("standing", work)
    assert hands.digest("standing") == live
    assert tables(hands) == before


def test_a_killed_rebuild_is_swept_at_the_next_start(
    ledger: MemoryLedger, clock: Clock, path: Path
) -> None:
    killed = Hands(ledger, clock, path)
    follow(killed)
    live, before = killed.digest("status"), tables(killed)
    rebuild = killed.rebuilding("status", ledger)
    rebuild.fill(rebuild.begin(), Work(lambda _progress: None))
    assert tables(killed) != before
    killed.close()
    restarted = Hands(ledger, clock, path)
    assert tables(restarted) == before
    assert restarted.digest("status") == live
    restarted.close()


@pytest.mark.parametrize("appended", [1, 3, 30])
def test_a_rebuild_ends_however_fast_the_log_grows(
    ledger: MemoryLedger, clock: Clock, path: Path, appended: int
) -> None:
    """And what it says of its progress is true: it never claims to be at the end before it is."""
    hands = Hands(ledger, clock, path, Limits(batch_events=2))
    follow(hands)
    seen: list[Progress] = []
    numbers = count()

    def grow(progress: Progress) -> None:
        seen.append(progress)
        for _ in range(appended if len(seen) < 500 else 0):
            ledger.tell(ANN, "purchase-made", purchase_id=f"during {next(numbers)}")

    result = hands.rebuild("status", Work(grow))
    assert len(seen) < 500, "it went on for as long as the log grew"
    assert result["digest"] == result["live_digest"]
    assert seen[-1].done == seen[-1].total == result["events"]
    assert [one.total for one in seen] == sorted(one.total for one in seen)
    assert all(one.done <= one.total for one in seen)
    assert hands.digest("status").position == result["position"]
    hands.close()


def test_what_a_rebuild_could_not_clear_away_the_next_one_does(
    hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    follow(hands)
    before = tables(hands)

    with (
        failing(filling, "effective_history", Unavailable("the disk is full")),
        failing(generations, "remove", Unavailable("the disk is full")),
        pytest.raises(Unavailable),
    ):
        hands.rebuild("status")
    assert "left behind" in caplog.text
    assert tables(hands) > before
    hands.rebuild("status")
    assert len(tables(hands)) == len(before)
