"""Whether the server can do its work: what stopped, whether events are recorded, the clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.service.answers import health as answers
from domain.errors import LedgerError, Unavailable
from ledger.transparency.checkpoint_signer import STOPPED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from api.service.server import OpenLedger, Server

_NEEDED = frozenset({"reading", "committer"})
"""The parts without which a ledger serves nobody."""


@dataclass(frozen=True)
class Readiness:
    """The state of the server. Ledgers are counted, not named, because anybody may ask.

    ``stopped`` says of how many ledgers a part has stopped, and has 1 for a process of several that
    does not serve; ``is_recording`` whether the last
    commit of every ledger worked; ``clock_behind_seconds`` how far the clock lies behind the newest
    event of any. ``serving`` counts the ledgers that are read and written.
    """

    stopped: Mapping[str, int]
    clock_behind_seconds: int
    is_recording: bool
    serving: int

    @property
    def is_well(self) -> bool:
        """Whether there is no problem."""
        return not self.stopped and not self.clock_behind_seconds and self.is_recording

    @property
    def status(self) -> str:
        """The state in one word."""
        return "ok" if self.is_well else "degraded"


class NotReady(Unavailable):
    """No ledger can be read and written now."""

    def __init__(
        self,
        found: Readiness,
        why: str = "no ledger can be read and written; the log says why",
    ) -> None:
        super().__init__(why)
        self.found = found

    def fields(self) -> Mapping[str, object]:
        return answers.Readiness.model_validate(self.found).plain()


def readiness_of(server: Server) -> Readiness:
    """Look at every ledger; one whose last commit failed tries another one, which changes nothing.

    A full disk is noticed within ten seconds of asking, also where nobody appends.
    """
    stopped = Counter(ledger=len(server.unopened)) + _stopped_workers(server)
    serving, behind_seconds, is_recording = 0, 0, True
    served = list(server.ledgers.values())
    if server.followers is not None and server.followers.is_missing:
        stopped["followers"] = len(served)
    if server.room.is_full():
        for one in served:
            one.ledger.recording.try_now()
    for one in served:
        parts, recording = set(_stopped_parts(one)), one.ledger.recording
        stopped.update(parts)
        works = recording.look()
        is_recording &= works
        serving += works and not parts & _NEEDED
        behind_seconds = max(behind_seconds, recording.clock_behind_seconds())
    return Readiness(dict(sorted((+stopped).items())), behind_seconds, is_recording, serving)


def without_recorder(server: Server) -> NotReady:
    """What a process says that reads, while none can be reached that records."""
    ledgers = max(1, len(server.ledgers))
    stopped = Counter(recorder=ledgers) + _stopped_workers(server)
    found = Readiness(dict(sorted(stopped.items())), 0, is_recording=False, serving=0)
    return NotReady(found, "the process that records does not answer: nothing is recorded now")


def _stopped_workers(server: Server) -> Counter[str]:
    numbers = [] if server.worker is None else server.worker.not_serving()
    return Counter(f"worker-{number}" for number in numbers)


def _stopped_parts(served: OpenLedger) -> Iterator[str]:
    ledger = served.ledger
    try:
        ledger.recorded_at(ledger.head())
    except LedgerError:
        yield "reading"
    if not ledger.recording.goes_on:
        yield "committer"
    if ledger.transparency.state == STOPPED:
        yield "sealer"
    try:
        states = served.projections.states()
    except LedgerError:
        yield "projections"
    else:
        if any(one.state == "failed" for one in states):
            yield "projections"
