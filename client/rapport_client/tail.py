"""The tail of the log: each event once, in order, over as many connections as it takes.

Source: the HTML standard, section 9.2 (server-sent events).
"""

from __future__ import annotations

import json

from rapport_client.answers.events import RecordedEvent
from rapport_client.answers.reading import read

EVENT_STREAM = "text/event-stream"

SILENCE_SECONDS = 60.0
"""A server that sends nothing for so long, not even a heartbeat, is gone."""


class Tail:
    """Where in the log a reader is. ``position`` is that of the last event it was given."""

    def __init__(self, after_position: int) -> None:
        self.position = after_position
        self._data: list[str] = []

    def begin(self) -> int:
        """Where a new connection continues; what the last one left unfinished is forgotten."""
        self._data = []
        return self.position

    def take(self, line: bytes) -> RecordedEvent | None:
        """The event that this line completes, unless it was given before."""
        if line:
            name, _, value = line.decode().partition(":")
            if name == "data":
                self._data.append(value.removeprefix(" "))
            return None
        if not self._data:
            return None
        event = read(RecordedEvent, json.loads("\n".join(self._data)))
        self._data = []
        if event.position <= self.position:
            return None
        self.position = event.position
        return event
