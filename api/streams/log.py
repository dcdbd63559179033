"""The log in pages: each read in a transaction of its own, so that a long walk holds nothing up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.wire import present
from api.wire.marks import Marks
from domain.errors import Invalid
from domain.events.governance import PersonalDataErased
from domain.kinds import ContactId

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.recorded import Recorded
    from ledger.ledger import Ledger

PAGE_EVENTS = 200


@dataclass(frozen=True)
class Filter:
    """Which events are wanted: of these types, or of any; of one contact, or of all."""

    types: tuple[str, ...] = ()
    contact_id: UUID | None = None

    def takes(self, shown: Shown) -> bool:
        """Whether this event is wanted."""
        return (not self.types or shown.type in self.types) and (
            self.contact_id is None or shown.contact_id == self.contact_id
        )


@dataclass(frozen=True)
class Shown:
    """One event as clients read it, in JSON."""

    position: int
    type: str
    contact_id: UUID
    content: bytes
    erases: bool


class LogWalk:
    """The wanted events beyond a position up to another, page by page, in order."""

    def __init__(self, ledger: Ledger, wanted: Filter, after: int, upto: int) -> None:
        self.upto = upto
        self._ledger = ledger
        self._wanted = wanted
        self._after = after
        self._after_version: int | None = None
        self.done = after >= upto

    def page(self) -> list[Shown]:
        """The next events, empty at the end; it reads files, so it is for a thread."""
        events = [] if self.done else self._read()
        self.done = len(events) < PAGE_EVENTS
        if events:
            self._after, self._after_version = events[-1].position, events[-1].version
        return show_all(self._ledger, events)

    def _read(self) -> list[Recorded]:
        contact_id = self._wanted.contact_id
        if contact_id is None:
            return self._ledger.log(
                after=self._after, upto=self.upto, limit=PAGE_EVENTS, types=self._wanted.types
            )
        if self._after_version is None:
            self._after_version = self._version_at(contact_id)
        return self._ledger.stream(
            contact_id,
            after_version=self._after_version,
            upto=self.upto,
            limit=PAGE_EVENTS,
            types=self._wanted.types,
            unseal=True,
        )

    def _version_at(self, contact_id: UUID) -> int:
        """The contact's version when the log had come to where the walk begins."""
        before = self._ledger.stream(contact_id, upto=self._after) if self._after else ()
        return before[-1].version if before else 0


def show_all(ledger: Ledger, events: Sequence[Recorded]) -> list[Shown]:
    """The events as clients read them, with the marks that are known now."""
    marks = Marks(ledger, events)
    return [
        Shown(
            one.position,
            one.type,
            one.contact_id,
            json.dumps(
                present.event(one, marks), ensure_ascii=False, separators=(",", ":")
            ).encode(),
            isinstance(one.event, PersonalDataErased),
        )
        for one in events
    ]


def read_filter(ledger: Ledger, types: tuple[str, ...], contact: str | None) -> Filter:
    """The filter of a request.

    Raises:
        Invalid: the contact can be none.
    """
    if contact is None:
        return Filter(types)
    try:
        return Filter(types, ContactId().read(contact, ledger.contact_id))
    except Invalid as error:
        raise error.within("/contact") from None
