"""A ledger's growth is told on a channel of its own, seldom enough, and heard after every cut."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ledger.stores.postgresql import notices
from ledger.stores.postgresql.connections import connect, run
from ledger.stores.postgresql.notices import Growth, Notices
from ledger.stores.postgresql.places import Place
from tests.fixtures.postgresql import end_sessions
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def growth(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Growth]:
    """Hears of two ledgers already; it looks by itself after so long that no test waits for it."""
    monkeypatch.setattr(notices, "LOOK_SECONDS", 60.0)
    with closing(Growth(url)) as made:
        made.wait(["main", "shop"])
        yield made


def test_who_waits_hears_of_each_ledger(url: str, growth: Growth) -> None:
    for name in ("main", "shop", "main"):
        with closing(Notices(Place(url, f"rapport_{name}", name))) as said:
            said.announce()
            growth.wait(["main", "shop"])


def test_many_commits_are_told_twenty_times_a_second_at_most(url: str) -> None:
    with connect(url) as listening, closing(Notices(Place(url, "rapport_main", "main"))) as said:
        run(listening, "LISTEN rapport_main")
        begun = time.monotonic()
        while time.monotonic() - begun < 0.5:
            said.announce()
        seconds = time.monotonic() - begun
        until(lambda: not said._grown.is_set())
        heard = len(list(listening.notifies(timeout=0.2)))
    assert 1 <= heard <= (seconds + 0.2) / notices.SPACING_SECONDS + 2


def test_a_listener_that_was_cut_off_looks_and_listens_again(url: str, growth: Growth) -> None:
    end_sessions(url)
    growth.wait(["main", "shop"])  # it is told that it is cut off, and returns
    growth.wait(["main", "shop"])  # it listens again, and returns to have it looked
    with closing(Notices(Place(url, "rapport_main", "main"))) as said:
        said.announce()
        growth.wait(["main", "shop"])


def test_a_ledger_that_is_new_is_heard_of_from_then_on(url: str, growth: Growth) -> None:
    growth.wait(["main", "new"])
    with closing(Notices(Place(url, "rapport_new", "new"))) as said:
        said.announce()
        growth.wait(["main", "new"])
