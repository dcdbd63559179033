"""The process that follows ledgers: it does what a server asks for, until the connection ends."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from api.service.followers.channel import MOST_NUMBER
from domain.errors import LedgerError
from projections.rebuilds import ALL_PROJECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from uuid import UUID

    from api.service.followers.channel import Channel
    from ledger.followed_ledger import FollowedLedger
    from projections.projections import Projections

logger = logging.getLogger("rapport.api")

REPORT_SECONDS = 0.5
"""How often it is looked whether there is something to report."""

REOPEN_REPORTS = 10
"""After how many looks a ledger that could not be opened is tried again."""

EVERY = ""
"""Stands for every projection of a ledger in a report."""

PROGRESS_SECONDS = 0.2
"""How often the progress of a rebuild is sent."""


@dataclass(frozen=True)
class OpenFollower:
    """A ledger that is followed, with what follows from it."""

    ledger: FollowedLedger
    projections: Projections

    def start(self) -> None:
        """Begin to follow and to sign."""
        self.projections.start()
        self.ledger.transparency.start()

    def close(self) -> None:
        """Sign what is left, and let the files go."""
        self.projections.close()
        self.ledger.close()

    def report(self) -> tuple[Mapping[str, str], str | None]:
        """The trouble of each projection that has one, and why the log is not signed."""
        states = self.projections.states()
        troubles = {one.name: one.problem for one in states if one.state == "waiting"}
        log = self.ledger.transparency
        stopped = log.problem if log.state == "stopped" else None
        return {name: text or "" for name, text in troubles.items()}, stopped


class FollowerProcess:
    """Follows the ledgers that one server asks for, on threads of their own."""

    def __init__(self, channel: Channel, open_ledger: Callable[[str], OpenFollower]) -> None:
        """``open_ledger`` opens a ledger by its name; it raises as ``FollowedLedger``."""
        self._channel = channel
        self._open_ledger = open_ledger
        self._opening = Lock()
        self._followed: dict[str, OpenFollower] = {}
        self._numbers: dict[str, int] = {}
        self._unopened: dict[str, str] = {}
        self._waits: dict[int, Callable[[], object]] = {}
        self._works: dict[int, tuple[str, UUID]] = {}
        self._reported: dict[str, object] = {}
        self._ended = Event()

    def run(self) -> None:
        """Do what the server asks for until it says ``end`` or is gone; then sign and let go."""
        reporting = Thread(target=self._report_now_and_then, name="report", daemon=True)
        reporting.start()
        try:
            wakes = self._channel.receive_wakes()
            Thread(target=self._wake_ledgers, args=(wakes,), name="wakes", daemon=True).start()
            for kind, *values in self._channel.messages():
                if kind == "end":
                    break
                self._do(kind, values)
        except OSError as error:
            logger.warning("the server ended before it said what to follow: %s", error)
        finally:
            self._ended.set()
            reporting.join()
            for followed in self._followed.values():
                followed.close()
            self._channel.end()
            self._channel.close()

    def _do(self, kind: str, values: list[Any]) -> None:
        if kind == "want":
            self._want(*values)
        elif kind == "drop":
            if (let_go := self._waits.pop(values[0], None)) is not None:
                let_go()
        elif kind == "open":
            self._numbers[values[0]] = min(values[1], MOST_NUMBER)
            self._open(values[0])
        elif kind == "close":
            self._close(values[0])
        elif kind == "rebuild":
            self._rebuild(*values)
        elif kind == "cancel" and values[0] in self._works:
            name, operation = self._works[values[0]]
            if (followed := self._followed.get(name)) is not None:
                followed.projections.cancel(operation)

    def _wake_ledgers(self, wakes: Iterable[set[int]]) -> None:
        """Wake what follows the ledgers whose logs have grown, until the server ends."""
        for numbers in wakes:
            for name, followed in list(self._followed.items()):
                if self._numbers.get(name) in numbers:
                    followed.ledger.wake()

    def _open(self, name: str) -> None:
        """Open a ledger and follow it; where that cannot be now, it is tried again."""
        with self._opening:
            if name not in self._followed:
                try:
                    followed = self._open_ledger(name)
                except LedgerError as error:
                    if name not in self._unopened:
                        logger.error("ledger %s cannot be followed: %s", name, error)
                    self._unopened[name] = str(error)
                    return
                self._unopened.pop(name, None)
                self._followed[name] = followed
                followed.start()
        self._channel.send_surely("opened", name)

    def _close(self, name: str) -> None:
        with self._opening:
            self._unopened.pop(name, None)
            self._reported.pop(name, None)
            followed = self._followed.pop(name, None)
        if followed is not None:
            followed.close()
        self._channel.send_surely("closed", name)

    def _want(self, number: int, name: str, projection: str, position: int) -> None:
        followed = self._followed.get(name)
        if followed is None or number in self._waits:
            return

        def notify() -> None:
            self._waits.pop(number, None)
            self._channel.send_surely("reached", number)

        self._waits[number] = lambda: None
        let_go = followed.projections.when_reached(position, notify, projection)
        if number in self._waits:
            self._waits[number] = let_go

    def _rebuild(self, number: int, name: str, projection: str) -> None:
        followed = self._followed.get(name)
        if followed is None:
            problem = self._unopened.get(name, "the ledger is not followed")
            self._channel.send_surely("ended", number, "failed", None, problem)
            return
        projections = followed.projections
        every = projection == ALL_PROJECTIONS
        operation = projections.rebuild_all() if every else projections.rebuild(projection)
        self._works[number] = name, operation.id
        watching = Thread(target=self._watch, args=(number, projections, operation.id), daemon=True)
        watching.start()

    def _watch(self, number: int, projections: Projections, operation: UUID) -> None:
        """Tell the server of a rebuild until it ended."""
        operations = projections.operations
        while (now := operations.wait(operation, PROGRESS_SECONDS)).state == "running":
            one = now.progress
            self._channel.send_surely(
                "progress", number, one.done, one.total, one.rate, one.eta_seconds
            )
        self._works.pop(number, None)
        self._channel.send_surely("ended", number, now.state, now.result, now.problem)

    def _report_now_and_then(self) -> None:
        looks = 0
        while not self._ended.wait(REPORT_SECONDS):
            looks += 1
            for name, problem in list(self._unopened.items()):
                self._send_report(name, ({EVERY: problem}, problem))
                if looks % REOPEN_REPORTS == 0:
                    self._open(name)
            for name, followed in list(self._followed.items()):
                try:
                    self._send_report(name, followed.report())
                except LedgerError as error:
                    self._send_report(name, ({EVERY: str(error)}, None))

    def _send_report(self, name: str, report: Any) -> None:
        if self._reported.get(name) != report:
            self._reported[name] = report
            self._channel.send_surely("report", name, *report)
