"""New events reach the event loop page by page, and no faster than it takes them."""

from __future__ import annotations

import asyncio
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from api.http.streams import page_reader
from api.http.streams.page_reader import PageReader
from api.service.log_pages import PAGE_EVENTS
from domain.errors import Corrupt
from tests.api.wire import until
from tests.fixtures.faults import failing
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import HandClock, open_ledger
from tests.ledger.transparency.growing import grow_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.log_pages import EventText
    from ledger.ledger import Ledger


class Loop:
    """What a reader handed over to an event loop."""

    def __init__(self, ledger: Ledger) -> None:
        self.pages: list[list[int]] = []
        self.left_out: list[int] = []
        self._came = asyncio.Event()
        self.reader = PageReader(ledger, ledger.head(), self._take, self._leave_out)

    def _take(self, page: list[EventText]) -> None:
        self.pages.append([one.position for one in page])
        self._came.set()

    def _leave_out(self, position: int) -> None:
        self.left_out.append(position)
        self._came.set()

    async def comes(self) -> None:
        """Wait for the next thing that is handed over."""
        async with asyncio.timeout(END_SECONDS):
            await self._came.wait()
        self._came.clear()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While the reader reads."""
        self.reader.start()
        try:
            yield
        finally:
            self.reader.stop()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(open_ledger(tmp_path, HandClock())) as opened:
        yield opened


def append(ledger: Ledger, count: int) -> None:
    grow_to(ledger, ledger.head() + count)


def test_no_more_than_one_page_waits_for_the_loop(ledger: Ledger) -> None:
    async def steps() -> None:
        loop, before = Loop(ledger), ledger.head()
        with loop.reading():
            append(ledger, 2 * PAGE_EVENTS)  # the loop stands still meanwhile
            until(lambda: not loop.reader.follows)
            append(ledger, 1)
            handed_over = loop.reader.position
            assert before < handed_over <= before + PAGE_EVENTS
            while loop.reader.position < ledger.head() or not loop.reader.follows:
                await loop.comes()
        told = [position for page in loop.pages for position in page]
        assert told == list(range(before + 1, ledger.head() + 1))

    asyncio.run(steps())


def test_nothing_is_handed_over_once_it_was_stopped(ledger: Ledger) -> None:
    async def steps() -> None:
        loop = Loop(ledger)
        with loop.reading():
            append(ledger, 3)
            until(lambda: not loop.reader.follows)
        await asyncio.sleep(0)
        assert loop.pages == []

    asyncio.run(steps())


@pytest.mark.parametrize("error", [Corrupt("position 3 is damaged"), ZeroDivisionError("personal")])
def test_what_cannot_be_read_is_left_out_and_what_comes_then_is_not(
    ledger: Ledger,
    error: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def steps() -> None:
        loop = Loop(ledger)
        with loop.reading():
            with failing(page_reader, "show_all", error):
                append(ledger, 2)
                await loop.comes()
            left_out = ledger.head()
            append(ledger, 1)
            await loop.comes()
        assert loop.left_out == [left_out]
        assert loop.pages == [[left_out + 1]]

    asyncio.run(steps())
    assert "be read for tails" in caplog.text
