"""Short work is done one piece after the other, and is waited for."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from api.service.serial_executor import SerialExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def in_turn() -> Iterator[SerialExecutor]:
    made = SerialExecutor()
    yield made
    made.close()


def test_what_is_asked_at_once_is_done_one_after_the_other(in_turn: SerialExecutor) -> None:
    done: list[tuple[int, int]] = []

    def work(number: int) -> int:
        done.append((number, threading.get_ident()))
        return number

    async def ask() -> list[int]:
        return await asyncio.gather(*(in_turn.run(work, number) for number in range(5)))

    assert asyncio.run(ask()) == [0, 1, 2, 3, 4]
    assert [number for number, _ in done] == [0, 1, 2, 3, 4]
    assert len({thread for _, thread in done} - {threading.get_ident()}) == 1


def test_what_goes_wrong_is_raised(in_turn: SerialExecutor) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_turn.run(lambda number: 1 // number, 0))


def test_whoever_is_cancelled_waits_for_the_end_of_what_was_begun(in_turn: SerialExecutor) -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work(_given: None) -> None:
        begun.set()
        assert may_end.wait(10)
        ended.set()

    async def ask() -> None:
        asked = asyncio.create_task(in_turn.run(work, None))
        await asyncio.to_thread(begun.wait, 10)
        asked.cancel()
        asyncio.get_running_loop().call_later(0.05, may_end.set)
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert ended.is_set()

    asyncio.run(ask())
