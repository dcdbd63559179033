"""What can be asked of a ledger: each question as a request, and how its answer is read.

Nothing here does I/O; both clients send these.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from api.client.answers import (
    Appended,
    AppendedMany,
    Contact,
    Interval,
    RecordedEvent,
    Status,
    read,
)
from api.client.bulk import JSON_LINES
from api.client.events import encoded
from api.client.problems import problem_answered
from api.client.tail import EVENT_STREAM, SILENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from api.client.bulk import Chunk
    from api.client.events import ContactName, NewEvent
    from api.client.tail import Tail

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent. ``silence_seconds`` is how long the answer may pause, where that is special."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    silence_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Question(Request, Generic[T]):
    """A request that is answered with one document, of which ``read`` makes the answer."""

    read: Callable[[Any], T]
    decode: Callable[[bytes], Any] = json.loads

    def answer(self, status: int, headers: Mapping[str, str], content: bytes) -> T:
        """The answer in what the server sent.

        Raises:
            Problem: it says no.
        """
        if status >= 300:
            raise problem_answered(status, headers, content)
        return self.read(self.decode(content))


@dataclass(frozen=True)
class Page:
    """A part of a list; ``cursor`` leads to the next, None ends it."""

    items: tuple[RecordedEvent, ...]
    cursor: str | None


class Questions:
    """The questions to one ledger."""

    def __init__(self, ledger: str) -> None:
        self.base = f"/v1/ledgers/{quote(ledger, safe='')}"

    def append(
        self,
        contact: ContactName,
        events: Sequence[NewEvent],
        if_version: int | None,
        *,
        if_new: bool,
    ) -> Question[Appended]:
        """Record events of one contact."""
        headers = {} if if_version is None else {"If-Match": f'"{if_version}"'}
        if if_new:
            headers["If-None-Match"] = "*"
        path = self._contact(contact, "/events")
        return _posted(path, [one.document() for one in events], _appended, headers)

    def append_many(self, events: Iterable[tuple[ContactName, NewEvent]]) -> Question[AppendedMany]:
        """Record events of many contacts, all or none."""
        body = [{"contact": str(contact), **one.document()} for contact, one in events]
        return _posted(f"{self.base}/events", body, lambda found: read(AppendedMany, found))

    def contact(self, contact: ContactName, min_position: int | None) -> Question[Contact]:
        """Who a contact is."""
        query = _query(min_position=min_position)
        return _got(self._contact(contact), lambda found: read(Contact, found), query)

    def status(
        self,
        contact: ContactName,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        min_position: int | None,
    ) -> Question[Status]:
        """A contact's stage, and why."""
        query = _query(as_of=as_of, as_known_at=as_known_at, min_position=min_position)
        return _got(self._contact(contact, "/status"), lambda found: read(Status, found), query)

    def history(
        self,
        contact: ContactName,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        min_position: int | None,
    ) -> Question[tuple[Interval, ...]]:
        """A contact's stages over time."""
        query = _query(as_of=as_of, as_known_at=as_known_at, min_position=min_position)
        path = self._contact(contact, "/status/history")
        return _got(path, lambda got: tuple(read(Interval, one) for one in got["intervals"]), query)

    def receipt(
        self,
        contact: ContactName,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> Question[bytes]:
        """A contact's status with the proof of it, byte for byte."""
        query = _query(
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
        )
        path = self._contact(contact, "/status/receipt")
        return Question(method="GET", path=path, query=query, decode=bytes, read=bytes)

    def checkpoint(self) -> Question[bytes]:
        """The last signed checkpoint."""
        path = f"{self.base}/log/checkpoint"
        return Question(method="GET", path=path, decode=bytes, read=bytes)

    def verifier_keys(self) -> Question[tuple[str, ...]]:
        """The keys that checkpoints are verified with."""
        path = f"{self.base}/log/key"
        return Question(method="GET", path=path, decode=bytes.decode, read=_lines)

    def event(self, position: int) -> Question[RecordedEvent]:
        """The event at a position."""
        return _got(f"{self.base}/events/{position}", lambda found: read(RecordedEvent, found))

    def log(
        self, after_position: int, types: Sequence[str], contact: ContactName | None, limit: int
    ) -> Callable[[str | None], Question[Page]]:
        """The log by pages: the question of each page is made of the last one's cursor."""
        query = _query(after_position=after_position, types=types, contact=contact, limit=limit)
        return lambda cursor: _got(f"{self.base}/events", _page, {**query, **_query(cursor=cursor)})

    def stream(
        self, contact: ContactName, after_version: int, types: Sequence[str], limit: int
    ) -> Callable[[str | None], Question[Page]]:
        """A contact's events by pages."""
        query = _query(after_version=after_version, types=types, limit=limit)
        path = self._contact(contact, "/events")
        return lambda cursor: _got(path, _page, {**query, **_query(cursor=cursor)})

    def bulk(self, chunk: Chunk) -> Request:
        """Record what the chunk still holds, each event for itself."""
        headers = {"Content-Type": JSON_LINES, "Accept": JSON_LINES}
        content = chunk.content()
        return Request(method="POST", path=f"{self.base}/events", headers=headers, content=content)

    def tail(self, tail: Tail, types: Sequence[str]) -> Request:
        """Everything after what the reader has, as it is recorded."""
        return Request(
            method="GET",
            path=f"{self.base}/events",
            query=_query(types=types),
            headers={"Accept": EVENT_STREAM, "Last-Event-ID": str(tail.begin())},
            silence_seconds=SILENCE_SECONDS,
        )

    def _contact(self, contact: ContactName, rest: str = "") -> str:
        return f"{self.base}/contacts/{quote(str(contact), safe='')}{rest}"


def create_ledger(name: str, time_zone: str | None) -> Question[str]:
    """Make a ledger, unless it is there."""
    body = {"name": name} if time_zone is None else {"name": name, "time_zone": time_zone}
    return _posted("/v1/ledgers", body, lambda found: str(found["name"]))


def _got(path: str, how: Callable[[Any], T], query: Mapping[str, str] | None = None) -> Question[T]:
    return Question(method="GET", path=path, read=how, query=query or {})


def _posted(
    path: str, body: object, how: Callable[[Any], T], headers: Mapping[str, str] | None = None
) -> Question[T]:
    named = {"Content-Type": "application/json", **(headers or {})}
    return Question(method="POST", path=path, read=how, headers=named, content=encoded(body))


def _query(**values: datetime | UUID | int | str | Sequence[str] | None) -> dict[str, str]:
    """The parameters that are there, as they stand in a query."""
    return {name: _text(value) for name, value in values.items() if value not in (None, ())}


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _appended(found: dict[str, Any]) -> Appended:
    of_contact = {"contact_id": found["contact_id"]}
    return read(Appended, {**found, "events": [{**of_contact, **e} for e in found["events"]]})


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines())


def _page(found: dict[str, Any]) -> Page:
    return Page(tuple(read(RecordedEvent, one) for one in found["items"]), found["next_cursor"])


def authorization(key: str | None) -> dict[str, str]:
    """The header that brings an access key, if there is one."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}
