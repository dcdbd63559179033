"""Orders: whatever happens in an act, its outcome follows its order, and one outcome alone."""

from __future__ import annotations

import errno
import logging
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.decisions.reasons import refusal
from domain.errors import ContactNotFound, Corrupt, Invalid, LedgerNotFound, Unavailable
from ledger.access.scopes import COMMAND_LINE
from ledger.access.trails import Trails
from ledger.data_layout import LedgerExists
from ledger.files import FolderInUse
from ledger.stores.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.access.orders import Order


@pytest.fixture
def trails(tmp_path: Path) -> Iterator[Trails]:
    (tmp_path / "ledgers" / "main").mkdir(parents=True)
    with closing(Trails(SqliteStore(tmp_path), lambda: 7)) as opened:
        yield opened


def order(trails: Trails) -> Order:
    return trails.order("main", COMMAND_LINE, "ledger-exported", "main", with_keys=False)


def written(trails: Trails) -> list[tuple[str, int | None, object]]:
    return [(one.outcome, one.of, one.detail.get("reason")) for one in trails.of("main").acts()]


def test_the_order_stands_before_the_act_and_done_after_it(trails: Trails) -> None:
    with order(trails) as ordered:
        assert written(trails) == [("ordered", None, None)]
        ordered.add_detail(position=9)
    assert written(trails) == [("ordered", None, None), ("done", 1, None)]
    assert trails.of("main").acts()[1].detail == {"position": 9}


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (FolderInUse("another process"), "refused", "folder-in-use"),
        (LedgerExists("main", replace=False), "refused", "LedgerExists"),
        (refusal("ledger-archived"), "refused", "ledger-archived"),
        (Invalid.at("/x", "malformed", "Ann"), "refused", "invalid-request"),
        (ContactNotFound("Ann"), "refused", "contact-not-found"),
        (Unavailable("the disk is full"), "failed", "unavailable"),
        (Corrupt("damaged: Ann"), "failed", "unavailable"),
        (OSError(errno.ENOSPC, "no space"), "failed", "ENOSPC"),
        (ValueError("Ann"), "failed", "ValueError"),
        (KeyboardInterrupt(), "failed", "interrupted"),
        (SystemExit(3), "failed", "SystemExit"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_what_an_error_makes_of_an_act(
    trails: Trails, error: BaseException, outcome: str, reason: str
) -> None:
    with pytest.raises(type(error)), order(trails):
        raise error
    assert written(trails)[1:] == [(outcome, 1, reason)]


def test_the_first_outcome_counts(trails: Trails) -> None:
    with order(trails) as ordered:
        ordered.end("refused", reason="ledger-exists")
    ordered.end("failed")
    assert written(trails)[1:] == [("refused", 1, "ledger-exists")]


def test_an_act_that_goes_on_after_the_block_ends_later(trails: Trails) -> None:
    with order(trails) as ordered:
        ordered.leave_open()
    assert written(trails) == [("ordered", None, None)]
    ordered.end("done")
    assert written(trails)[1:] == [("done", 1, None)]


def test_an_outcome_that_cannot_be_written_changes_nothing_and_is_logged(
    trails: Trails, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), order(trails):
        trails.let_go("main")
        (tmp_path / "ledgers" / "main" / "trail.sqlite").write_bytes(b"another program's file" * 99)
    assert "ledger-exported, is done, which is not recorded" in caplog.text


def test_an_act_that_takes_the_trail_away_ends_without_a_word(
    trails: Trails, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with order(trails):
        trails.let_go("main")
        (tmp_path / "ledgers" / "main").rename(tmp_path / "gone")
    assert not caplog.records
    with pytest.raises(LedgerNotFound):
        trails.of("main")
