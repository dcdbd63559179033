"""What a server says to a process that follows, and what it makes of the answers."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from api.service.followers.channel import Channel
from api.service.followers.elsewhere import NOBODY, FollowersElsewhere
from domain.errors import LedgerError, Unavailable
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from projections.operations import Cancelled, Progress, Work
from tests.fixtures.waiting import until
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.followers.elsewhere import LedgerFollowing


class Other:
    """The other end: it keeps what it was sent, and sends what the test says."""

    def __init__(self, followers: FollowersElsewhere) -> None:
        ours, theirs = socket.socketpair()
        self.channel = Channel(theirs)
        self.sent: list[list[Any]] = []
        self.woken: list[set[int]] = []
        self.talked: list[bool] = []
        self._server = Channel(ours)
        self._followers = followers
        self._threads = [Thread(target=self._talk), Thread(target=self._read)]
        for thread in self._threads:
            thread.start()

    def _talk(self) -> None:
        self.talked.append(self._followers.talk(self._server))
        self._server.end()

    def _read(self) -> None:
        try:
            wakes = self.channel.receive_wakes()
        except ConnectionResetError:
            return
        Thread(target=lambda: self.woken.extend(wakes), daemon=True).start()
        for message in self.channel.messages():
            self.sent.append(message)

    def kinds(self) -> list[str]:
        return [message[0] for message in self.sent]

    def number(self, kind: str) -> int:
        """The number of the message of that kind, once it was sent."""
        until(lambda: kind in self.kinds())
        return next(int(message[1]) for message in self.sent if message[0] == kind)

    def end(self) -> None:
        self.channel.end()
        for thread in self._threads:
            thread.join()
        self.channel.close()
        self._server.close()


@contextmanager
def other(followers: FollowersElsewhere) -> Iterator[Other]:
    one = Other(followers)
    try:
        yield one
    finally:
        one.end()


@pytest.fixture
def followers() -> FollowersElsewhere:
    return FollowersElsewhere(close_seconds=0.1)


@pytest.fixture
def following(followers: FollowersElsewhere, tmp_path: Path) -> Iterator[LedgerFollowing]:
    folder = DataFolder.open(
        tmp_path / "data", SqliteStore, clock=HandClock(), signed_elsewhere=True
    )
    started = followers.follow(folder.ledger("main"))
    started.start(lambda: None)
    yield started
    folder.close()


def test_whoever_waits_is_told_by_the_process_that_comes_next(
    followers: FollowersElsewhere, following: LedgerFollowing
) -> None:
    reached = Event()
    following.when_reached("status", 7, reached.set)
    with other(followers) as first:
        until(lambda: first.kinds() == ["open", "want"])
    assert not reached.is_set()
    with other(followers) as second:
        assert second.sent == [] or second.sent[0] == ["open", "main", following.number]
        number = second.number("want")
        assert ["want", number, "main", "status", 7] in second.sent
        second.channel.send_surely("reached", number)
        assert reached.wait(20)
    with other(followers) as third:
        until(lambda: third.kinds() == ["open"])


def test_what_is_let_go_of_is_not_wanted_any_more(
    followers: FollowersElsewhere, following: LedgerFollowing
) -> None:
    with other(followers) as process:
        let_go = following.when_reached("status", 7, lambda: None)
        number = process.number("want")
        let_go()
        assert process.number("drop") == number


@pytest.mark.usefixtures("following")
def test_a_second_process_is_not_talked_to(followers: FollowersElsewhere) -> None:
    with other(followers) as first:
        until(lambda: first.kinds() == ["open"])
        with other(followers) as second:
            until(lambda: second.talked == [False])
        assert first.talked == []


def test_trouble_is_what_the_process_reports(
    followers: FollowersElsewhere, following: LedgerFollowing
) -> None:
    with other(followers) as process:
        process.channel.send_surely("report", "main", {"status": "the disk is full"}, None)
        until(lambda: following.trouble("status") == "the disk is full")
        assert following.trouble("standing") is None
        process.channel.send_surely("report", "main", {"": "it is damaged"}, "it is damaged")
        until(lambda: following.trouble("standing") == "it is damaged")
    assert followers.is_missing
    assert following.trouble("standing") == NOBODY


def rebuilding(following: LedgerFollowing, work: Work) -> tuple[Thread, list[object]]:
    """A thread that rebuilds, and what became of it."""
    ended: list[object] = []

    def run() -> None:
        try:
            ended.append(following.rebuild("status", work))
        except (LedgerError, Cancelled) as error:
            ended.append(error)

    thread = Thread(target=run)
    thread.start()
    return thread, ended


def test_a_rebuild_ends_as_the_process_says(
    followers: FollowersElsewhere, following: LedgerFollowing
) -> None:
    told: list[Progress] = []
    with other(followers) as process:
        thread, ended = rebuilding(following, Work(told.append))
        number = process.number("rebuild")
        process.channel.send_surely("progress", number, 5, 10, 2, 3)
        process.channel.send_surely("ended", number, "succeeded", {"drift": []}, None)
        thread.join()
    assert (told, ended) == ([Progress(5, 10, 2, 3)], [{"drift": []}])


def test_a_rebuild_is_cancelled_there(
    followers: FollowersElsewhere, following: LedgerFollowing
) -> None:
    work = Work(lambda _progress: None)
    with other(followers) as process:
        thread, ended = rebuilding(following, work)
        number = process.number("rebuild")
        work.cancel()
        assert process.number("cancel") == number
        process.channel.send_surely("ended", number, "cancelled", None, None)
        thread.join()
    assert [type(one) for one in ended] == [Cancelled]


def test_a_rebuild_fails_with_the_process(
    followers: FollowersElsewhere, following: LedgerFollowing
) -> None:
    with other(followers) as process:
        thread, ended = rebuilding(following, Work(lambda _progress: None))
        process.number("rebuild")
    thread.join()
    assert [str(one) for one in ended] == ["the process that rebuilt it ended: ask again"]


@pytest.mark.usefixtures("following")
def test_a_ledger_is_let_go_only_when_its_files_are(followers: FollowersElsewhere) -> None:
    with other(followers) as process:
        until(lambda: process.kinds() == ["open"])
        with pytest.raises(Unavailable):
            followers.let_go("main")
        until(lambda: process.kinds() == ["open", "close", "open"])
    followers.let_go("main")
    with other(followers) as process:
        process.channel.send_surely("report", "main", {}, None)
        assert process.sent == []


def test_a_commit_is_a_byte_in_a_pipe_that_nobody_waits_for(
    followers: FollowersElsewhere, following: LedgerFollowing
) -> None:
    following.wake()
    with other(followers) as process:
        until(lambda: process.kinds() == ["open"])
        for _ in range(200_000):
            following.wake()
        until(lambda: {following.number} in process.woken)
    following.wake()
