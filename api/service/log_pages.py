"""The log in pages. Each is read in its own transaction, so that a long walk delays nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from api.service.answers.events import Event
from api.service.marks import Marks
from domain.events.governance import PersonalDataErased
from domain.recorded import POLICY_STREAM

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from api.service.known_aliases import KnownAliases
    from api.service.labels import LabelsWanted
    from api.service.server import OpenLedger
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

PAGE_EVENTS = 200
"""How many events are read at once."""


@dataclass(frozen=True)
class Filter:
    """Which events are wanted: of these types, or of any; of one contact, or of all.

    With ``aliases`` those of all contacts that are one with it, by the merges known when a page is
    read: a merge that is recorded later brings in another stream from then on.
    """

    types: tuple[str, ...] = ()
    contact_id: UUID | None = None
    aliases: KnownAliases | None = None

    def streams(self, head: int) -> tuple[UUID, ...]:
        """The streams that are wanted while the log ends at ``head``; none are all of them."""
        if self.contact_id is None:
            return ()
        if self.aliases is None:
            return (self.contact_id,)
        known = self.aliases.at(head)
        return known.members(known.survivor_of(self.contact_id))

    def takes(self, shown: EventText, streams: Collection[UUID]) -> bool:
        """Whether this event is wanted, where these streams are."""
        return (not self.types or shown.type in self.types) and (
            not streams or shown.contact_id in streams
        )


@dataclass(frozen=True)
class EventText:
    """One event as clients read it, in JSON."""

    position: int
    type: str
    contact_id: UUID
    content: bytes
    erases: bool


Contents = Callable[["Sequence[EventText]"], "list[EventText]"]
"""What is written of events, which may read files, so that it is for a thread."""


def contents_of(served: OpenLedger, wanted: LabelsWanted) -> Contents | None:
    """What makes the events have names and refs of contacts, as known when they are written.

    None where nothing is wanted: then events are written as they are. Nothing is kept of it, so
    that nothing personal is written after an erasure.
    """
    if not wanted.any:
        return None

    def add_labels(shown: Sequence[EventText]) -> list[EventText]:
        labels = served.labels(wanted)
        return [
            one
            if one.contact_id == POLICY_STREAM
            else replace(one, content=labels.splice(one.content, one.contact_id))
            for one in shown
        ]

    return add_labels


class LogWalk:
    """The wanted events beyond a position up to another, page by page, in order."""

    def __init__(
        self,
        ledger: Ledger,
        wanted: Filter,
        after: int,
        upto: int,
        page_events: int = PAGE_EVENTS,
    ) -> None:
        self.upto = upto
        self._ledger = ledger
        self._wanted = wanted
        self._after = after
        self._after_version: int | None = None
        self._page_events = page_events
        self.done = after >= upto

    def page(self) -> list[EventText]:
        """The next events, empty at the end; it reads files, so it is for a thread."""
        events = [] if self.done else self._read()
        self.done = len(events) < self._page_events
        if events:
            self._after, self._after_version = events[-1].position, events[-1].version
        return show_all(self._ledger, events)

    def _read(self) -> list[RecordedEvent]:
        wanted = self._wanted
        return read_events(
            self._ledger,
            wanted.streams(self._ledger.head()),
            wanted.types,
            after=self._after,
            upto=self.upto,
            limit=self._page_events,
            after_version=None if wanted.aliases else self._after_version,
        )


def read_events(
    ledger: Ledger,
    streams: Sequence[UUID],
    types: Sequence[str],
    *,
    after: int,
    upto: int | None = None,
    limit: int,
    after_version: int | None = None,
) -> list[RecordedEvent]:
    """At most ``limit`` events of these streams, or of all, decrypted, by position.

    ``after_version`` is the version of a single stream at the position ``after``, where it is known
    already.
    """
    if len(streams) != 1:
        return ledger.log(after=after, upto=upto, limit=limit, types=types, streams=streams)
    (stream,) = streams
    if after_version is None:
        after_version = ledger.version(stream, after) if after else 0
    return ledger.stream(
        stream, after_version=after_version, upto=upto, limit=limit, types=types, decrypt=True
    )


def show_all(ledger: Ledger, events: Sequence[RecordedEvent]) -> list[EventText]:
    """The events as clients read them, with the marks that are known now."""
    marks = Marks(ledger, events)
    return [
        EventText(
            one.position,
            one.type,
            one.contact_id,
            Event.of(one, marks).json_bytes(),
            isinstance(one.event, PersonalDataErased),
        )
        for one in events
    ]
