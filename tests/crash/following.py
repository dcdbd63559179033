"""A reader that follows the log through all that happens to its server."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import httpx

from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from rapport_client import RecordedEvent

TAIL = "/v1/ledgers/main/events"


class Told(NamedTuple):
    """What a reader keeps of an event."""

    position: int
    content: str


@dataclass
class Reader:
    """All that it was told, in order, by as many servers as there were."""

    told: list[Told] = field(default_factory=list)
    _more: threading.Condition = field(default_factory=threading.Condition)

    def follow(self, url: str) -> threading.Thread:
        """Go on after the last event with this server, until it is gone."""
        thread = threading.Thread(target=self._read, args=(url,))
        thread.start()
        return thread

    def await_all(self, length: int) -> None:
        """Wait until it was told a log of this length."""
        with self._more:
            enough = self._more.wait_for(lambda: len(self.told) >= length, END_SECONDS)
        assert enough, f"it was told {len(self.told)} instead of {length}"

    def _read(self, url: str) -> None:
        last = str(self.told[-1].position) if self.told else ""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
        event: dict[str, str] = {}
        with (
            suppress(httpx.TransportError),
            httpx.stream("GET", url + TAIL, headers=headers, timeout=END_SECONDS) as answer,
        ):
            assert answer.status_code == 200
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                event[name] = value
                if not line:  # what is cut off before its end was not told
                    if "id" in event:
                        with self._more:
                            self.told.append(Told(int(event["id"]), event["data"]))
                            self._more.notify_all()
                    event = {}

    def check(self, log: list[RecordedEvent]) -> None:
        """It was told what stands in the log, all of it in order, nothing twice, nothing else."""
        assert [one.position for one in self.told] == list(range(1, len(log) + 1))
        for one, event in zip(self.told, log, strict=True):
            assert f'"id":"{event.id}"' in one.content
