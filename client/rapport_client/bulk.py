"""Bulk: many events a request, an outcome for each, and what is unanswered is sent again.

HTTP libraries send a whole request before they read its answer, and a server that nobody reads
from stops reading; so what goes into one request is bounded, by lines and by bytes.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rapport_client.answers.events import NotAddressed
from rapport_client.answers.reading import read
from rapport_client.events import document_of, encode
from rapport_client.problems import Problem, Unavailable, problem_of
from rapport_client.retries import CutShort

if TYPE_CHECKING:
    from rapport_client.events import ContactName, NewEvent

JSON_LINES = "application/jsonl"

LINES_PER_REQUEST = 1000
"""Source: the HTTP contract, for clients that cannot read while they send."""

BYTES_PER_REQUEST = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of one event: exactly one of ``position`` and ``problem`` is set.

    ``replayed`` says that nothing new was recorded: the event was before, or is already so, in
    which case ``position`` is the newest of the contact. ``counts_for`` is the contact that this
    one was merged into, None where it is not an alias or there is a problem. ``not_addressed`` are
    the refs of the event that are names of others.
    """

    contact: ContactName
    event: NewEvent
    position: int | None
    problem: Problem | None
    replayed: bool
    counts_for: UUID | None
    not_addressed: tuple[NotAddressed, ...] = ()


class Chunk:
    """The events of one request that have no outcome yet, in order."""

    def __init__(self, most_lines: int = LINES_PER_REQUEST) -> None:
        self._most_lines = most_lines
        self._waiting: deque[tuple[ContactName, NewEvent, bytes]] = deque()
        self._size_bytes = 0
        self._answered = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, contact: ContactName, event: NewEvent) -> bool:
        """Take one more; whether that was the last there is room for."""
        line = encode({"contact": str(contact), **document_of(event)})
        self._waiting.append((contact, event, line))
        self._size_bytes += len(line)
        return len(self) >= self._most_lines or self._size_bytes >= BYTES_PER_REQUEST

    def content(self) -> bytes:
        """The body of the next request: everything without an outcome."""
        self._answered = 0
        return b"".join(line + b"\n" for _, _, line in self._waiting)

    def take(self, line: bytes) -> Outcome:
        """The outcome in one line of the answer.

        Raises:
            Unavailable: the event was not taken now. It keeps its place, before those after it.
            CutShort: the line is of another event.
        """
        found = json.loads(line)
        self._answered += 1
        if found["line"] != self._answered:
            raise CutShort(f"line {found['line']} was answered instead of {self._answered}")
        problem = problem_of(found["problem"]) if "problem" in found else None
        if isinstance(problem, Unavailable):
            raise problem
        contact, event, _ = self._waiting.popleft()
        return Outcome(
            contact=contact,
            event=event,
            position=found.get("position"),
            problem=problem,
            replayed=found["status"] == 200,
            counts_for=UUID(found["counts_for"]) if found.get("counts_for") else None,
            not_addressed=tuple(read(NotAddressed, one) for one in found.get("not_addressed", ())),
        )

    def require_done(self) -> None:
        """Raises CutShort if events are left when the answer has ended."""
        if self._waiting:
            raise CutShort(f"the answer ended {len(self)} lines before its end")
