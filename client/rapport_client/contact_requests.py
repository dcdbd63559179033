"""The requests about events and single contacts, each with the reader of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapport_client.answers.cards import Card
from rapport_client.answers.contacts import Contact
from rapport_client.answers.events import Appended, AppendedMany, RecordedEvent
from rapport_client.answers.ledgers import Ledger
from rapport_client.answers.reading import read
from rapport_client.answers.statuses import Status, StatusHistory
from rapport_client.bulk import JSON_LINES
from rapport_client.events import document_of, pair_of
from rapport_client.requests import (
    DocumentRequest,
    LedgerPaths,
    PageRequest,
    Request,
    got,
    got_bytes,
    labels,
    list_request,
    post_request,
    query_parameters,
    reading,
)
from rapport_client.tail import EVENT_STREAM, SILENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from rapport_client.bulk import Chunk
    from rapport_client.events import ContactName, NewEvent
    from rapport_client.tail import Tail


class ContactRequests(LedgerPaths):
    """The questions about events and single contacts."""

    def append(
        self,
        contact: ContactName,
        events: Sequence[NewEvent],
        if_version: int | None,
        *,
        if_new: bool,
    ) -> DocumentRequest[Appended]:
        """Record events of one contact."""
        headers = {} if if_version is None else {"If-Match": f'"{if_version}"'}
        if if_new:
            headers["If-None-Match"] = "*"
        path = self.of_contact(contact, "/events")
        return post_request(path, [document_of(one) for one in events], _read_appended, headers)

    def append_many(
        self, events: Iterable[tuple[ContactName, NewEvent]]
    ) -> DocumentRequest[AppendedMany]:
        """Record events of many contacts, all or none."""
        body = [
            {"contact": str(contact), **one.document()} for contact, one in map(pair_of, events)
        ]
        return post_request(f"{self.base}/events", body, reading(AppendedMany))

    def contact(self, contact: ContactName, min_position: int | None) -> DocumentRequest[Contact]:
        """The profile of a contact."""
        query = query_parameters(min_position=min_position)
        return got(self.of_contact(contact), reading(Contact), query)

    def status(
        self,
        contact: ContactName,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
        *,
        explain: bool,
    ) -> DocumentRequest[Status]:
        """A contact's stage, and why."""
        query = query_parameters(
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
            explain="text" if explain else None,
        )
        return got(self.of_contact(contact, "/status"), reading(Status), query)

    def card(
        self,
        contact: ContactName,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> DocumentRequest[Card]:
        """A contact's welcome card."""
        query = query_parameters(
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
        )
        return got(self.of_contact(contact, "/card"), reading(Card), query)

    def history(
        self,
        contact: ContactName,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
        *,
        explain: bool,
    ) -> DocumentRequest[StatusHistory]:
        """A contact's stages over time."""
        query = query_parameters(
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
            explain="text" if explain else None,
        )
        return got(self.of_contact(contact, "/status/history"), reading(StatusHistory), query)

    def receipt(
        self,
        contact: ContactName,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> DocumentRequest[bytes]:
        """A contact's status with the proof of it, byte for byte."""
        query = query_parameters(
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
        )
        path = self.of_contact(contact, "/status/receipt")
        return got_bytes(path, query)

    def checkpoint(self) -> DocumentRequest[bytes]:
        """The last signed checkpoint."""
        return got_bytes(f"{self.base}/log/checkpoint")

    def verifier_keys(self) -> DocumentRequest[tuple[str, ...]]:
        """The keys that checkpoints are verified with."""
        path = f"{self.base}/log/key"
        return DocumentRequest(method="GET", path=path, decode=bytes.decode, read=_lines)

    def event(self, position: int) -> DocumentRequest[RecordedEvent]:
        """The event at a position."""
        return got(f"{self.base}/events/{position}", reading(RecordedEvent))

    def log(
        self,
        after_position: int,
        types: Sequence[str],
        contact: ContactName | None,
        limit: int,
        show: Sequence[str] = (),
        *,
        group: bool = False,
    ) -> PageRequest[RecordedEvent]:
        """The log by pages: the question of each page is made of the last one's cursor."""
        query = query_parameters(
            after_position=after_position,
            types=types,
            contact=contact,
            group="true" if group else None,
            limit=limit,
        )
        return list_request(f"{self.base}/events", RecordedEvent, query | labels(show))

    def stream(
        self,
        contact: ContactName,
        after_version: int,
        types: Sequence[str],
        limit: int,
        show: Sequence[str] = (),
    ) -> PageRequest[RecordedEvent]:
        """A contact's events by pages."""
        query = query_parameters(after_version=after_version, types=types, limit=limit)
        query |= labels(show)
        return list_request(self.of_contact(contact, "/events"), RecordedEvent, query)

    def bulk(self, chunk: Chunk) -> Request:
        """Record what the chunk still holds, each event for itself."""
        headers = {"Content-Type": JSON_LINES, "Accept": JSON_LINES}
        content = chunk.content()
        return Request(method="POST", path=f"{self.base}/events", headers=headers, content=content)

    def tail(self, tail: Tail, types: Sequence[str], show: Sequence[str] = ()) -> Request:
        """Everything after what the reader has, as it is recorded."""
        return Request(
            method="GET",
            path=f"{self.base}/events",
            query=query_parameters(types=types) | labels(show),
            headers={"Accept": EVENT_STREAM, "Last-Event-ID": str(tail.begin())},
            silence_seconds=SILENCE_SECONDS,
        )


def create_ledger(name: str, time_zone: str | None, region: str | None) -> DocumentRequest[Ledger]:
    """Make a ledger, unless it is there."""
    place = {"time_zone": time_zone, "region": region}
    body = {"name": name, **{field: one for field, one in place.items() if one is not None}}
    return post_request("/v1/ledgers", body, reading(Ledger))


def _read_appended(found: dict[str, Any]) -> Appended:
    of_contact = {name: found[name] for name in ("contact_id", "counts_for")}
    return read(Appended, {**found, "events": [{**of_contact, **e} for e in found["events"]]})


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines())
