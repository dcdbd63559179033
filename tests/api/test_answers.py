from __future__ import annotations

import asyncio
from threading import Thread
from typing import TYPE_CHECKING

from api.http.committer_replies import Answers
from domain.errors import Unavailable
from tests.fixtures.faults import calls_of

if TYPE_CHECKING:
    from api.http.committer_replies import Reply


def test_each_is_told_its_own_answer_or_error_from_other_threads() -> None:
    async def run() -> list[object]:
        answers = Answers()
        replies = [answers.new_reply() for _ in range(100)]

        def tell() -> None:
            for place, reply in enumerate(replies):
                if place % 2:
                    reply.set_exception(Unavailable(str(place)))
                else:
                    reply.set_result(place)

        Thread(target=tell).start()
        waiting = [reply.waiting for reply in replies]
        async with asyncio.timeout(10):
            return list(await asyncio.gather(*waiting, return_exceptions=True))

    told = asyncio.run(run())
    assert told[::2] == list(range(0, 100, 2))
    assert [str(one) for one in told[1::2]] == [str(place) for place in range(1, 100, 2)]
    assert all(isinstance(one, Unavailable) for one in told[1::2])


def test_what_is_told_in_one_go_wakes_the_loop_once() -> None:
    async def run() -> int:
        answers, loop = Answers(), asyncio.get_running_loop()
        replies = [answers.new_reply() for _ in range(100)]
        with calls_of(loop, "call_soon_threadsafe") as wakings:
            for reply in replies:
                reply.set_result(None)
            await asyncio.gather(*(reply.waiting for reply in replies))
        return len(wakings)

    assert asyncio.run(run()) == 1


def test_who_left_keeps_no_answer_from_others() -> None:
    async def run() -> object:
        answers = Answers()
        left, stayed = answers.new_reply(), answers.new_reply()
        left.waiting.cancel()
        assert left.set_running_or_notify_cancel(), "it is never taken back"
        left.set_result("nobody hears this")
        stayed.set_result("heard")
        return await stayed.waiting

    assert asyncio.run(run()) == "heard"


def test_an_answer_after_the_loop_was_closed_disturbs_nobody() -> None:
    async def run() -> Reply:
        return Answers().new_reply()

    asyncio.run(run()).set_result("nobody is there any more")
