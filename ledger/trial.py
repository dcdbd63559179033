"""Appends that are only tried: decided as a ledger would decide them, and never recorded in it.

What was decided so far lies in a scratch file beside the ledger's events, so that a file of any
length is tried in little memory, and a server that appends meanwhile is not held up.
"""

from __future__ import annotations

import os
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.contact import ContactState
from domain.errors import Corrupt, LedgerError
from ledger.batch import Batch
from ledger.mapper import COMPARED, NOTHING, LedgerMapper
from ledger.state_cache import ContactStates
from ledger.stored_events import registered_among
from ledger.stores.events import Row

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence
    from contextlib import AbstractContextManager

    from domain.recorded import RecordedEvent
    from ledger.batch import DecisionContext
    from ledger.drafts import Append, AppendResult
    from ledger.mapper import Keys
    from ledger.stores.events import EventStore
    from ledger.stores.scratch import Scratch

FIRST = 2**48
"""Where the positions of tried events begin: beyond those of every ledger."""

KEPT_EVENTS = 100_000
"""How many events the states stand for that are kept in memory."""

_TOGETHER = 64


class _SpareKeys:
    """The contacts' own keys, and one that is thrown away for those who have none."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._spare = AESGCM(os.urandom(32))

    def key(self, contact_id: UUID) -> AESGCM:
        return self._keys.key(contact_id) or self._spare

    encryption_key = key


class _TrialMapper(LedgerMapper):
    """Maps tried events by keys of which some are spare, and all others as the ledger does."""

    def __init__(self, live: LedgerMapper) -> None:
        super().__init__(_SpareKeys(live.keys), live.transcoder)
        self._live = live

    def to_event(
        self,
        position: int,
        stream: UUID | str,
        version: int,
        topic: str,
        state: bytes,
        decrypt: Container[str] = NOTHING,
    ) -> RecordedEvent:
        read = super().to_event if position >= FIRST else self._live.to_event
        return read(position, stream, version, topic, state, decrypt)


class _Overlay:
    """What is recorded, and after it what was tried: as far as decisions ask."""

    def __init__(self, recorded: EventStore, tried: Scratch) -> None:
        self._recorded = recorded
        self._tried = tried

    def errors(self, outcome: str = "") -> AbstractContextManager[None]:
        return self._recorded.errors(outcome)

    def rows_by_id(self, event_ids: Sequence[UUID]) -> dict[UUID, Row]:
        return {**self._tried.rows_by_id(event_ids), **self._recorded.rows_by_id(event_ids)}

    def rows_of_streams(self, streams: Sequence[UUID]) -> list[Row]:
        return [*self._recorded.rows_of_streams(streams), *self._tried.rows_of_streams(streams)]

    def newest(self, stream: UUID, upto: int | None = None) -> Row | None:
        tried = self._tried.rows_of_streams([stream])
        return tried[-1] if tried else self._recorded.newest(stream, upto)

    def first_topics(self, streams: Sequence[UUID]) -> dict[UUID, str]:
        tried = {
            row.stream: row.topic
            for row in self._tried.rows_of_streams(streams)
            if row.version == 1 and isinstance(row.stream, UUID)
        }
        return {**tried, **self._recorded.first_topics(streams)}

    def rows_of_stream(
        self,
        stream: UUID,
        version: int,
        topics: Sequence[str],
        upto: int | None,
        limit: int | None,
    ) -> list[Row]:
        recorded = self._recorded.rows_of_stream(stream, version, topics, upto, limit)
        tried = [
            row
            for row in self._tried.rows_of_streams([stream])
            if row.version > version and (not topics or row.topic in topics)
        ]
        return [*recorded, *tried][:limit]


class Trial:
    """A ledger as it would be after the appends so far. For one thread."""

    def __init__(self, context: DecisionContext, scratch: Scratch) -> None:
        """``context`` is for this alone; nobody else may decide upon it."""
        overlay: Any = _Overlay(context.recorder, scratch)  # what decisions ask of an event store
        self._overlay = overlay
        self._scratch = scratch
        self._mapper = _TrialMapper(context.mapper)
        context.recorder, context.mapper = overlay, self._mapper
        context.states = ContactStates(self._state, self._states, lambda: KEPT_EVENTS)
        context.head = FIRST - 1
        self._context = context

    @property
    def namespace(self) -> UUID:
        """The ledger's own namespace."""
        assert self._context.namespace is not None, "a ledger without it takes no events"
        return self._context.namespace

    def contact_id(self, name: str) -> UUID:
        """The contact of a UUID or ``source:ref``; ValueError where it is neither."""
        return self._context.names(name)

    def now(self) -> int:
        """The present instant by the ledger's clock."""
        return self._context.clock.stamp().now

    def stream(self, contact_id: UUID) -> list[RecordedEvent]:
        """What would be recorded of a contact, with what is personal encrypted."""
        with self._overlay.errors():
            rows = self._overlay.rows_of_streams([contact_id])
            return [self._mapper.to_event(*row) for row in rows]

    def known_ids(self, event_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the ids under which an event would be recorded."""
        with self._overlay.errors():
            return set(self._overlay.rows_by_id(event_ids))

    def registered_contacts(self, contact_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the contacts that would be registered."""
        with self._overlay.errors():
            return registered_among(self._overlay, contact_ids)

    def append_each(self, appends: Sequence[Append]) -> Future[list[AppendResult | LedgerError]]:
        """What the ledger would answer, in the order of the appends."""
        future: Future[list[AppendResult | LedgerError]] = Future()
        context = self._context
        with self._overlay.errors():
            batch = Batch(context, appends)
            outcomes = [_outcome(batch, append) for append in appends]
            tried = [
                (
                    stored.event_id,
                    Row(made.position, made.contact_id, made.version, stored.topic, stored.state),
                )
                for stored, made in zip(batch.stored, batch.recorded, strict=True)
            ]
            self._scratch.add(tried)
        context.head += len(tried)
        context.states.trim()
        future.set_result(outcomes)
        return future

    def _state(self, contact_id: UUID) -> ContactState:
        (state,) = self._states([contact_id])
        return state

    def _states(self, contact_ids: Sequence[UUID]) -> Iterator[ContactState]:
        for start in range(0, len(contact_ids), _TOGETHER):
            some = contact_ids[start : start + _TOGETHER]
            states = {one: ContactState.initial(one) for one in some}
            for row in self._overlay.rows_of_streams(some):
                position, stream, version, topic, state = row
                recorded = self._mapper.to_event(position, stream, version, topic, state, COMPARED)
                states[recorded.contact_id].evolve(recorded)
            yield from states.values()


def _outcome(batch: Batch, append: Append) -> AppendResult | LedgerError:
    try:
        return batch.take(append)
    except Corrupt:
        raise
    except LedgerError as error:
        return error
