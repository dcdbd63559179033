"""Undoing an import: what it appended is retracted, newest first, and the log grows.

Each retraction has an id that follows from the event's, so that a second run, also one after a
kill, retracts nothing twice and completes the first. Registrations and merges stay: they have no
retraction.
"""

from __future__ import annotations

import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from api.service.importing.import_events import windows
from domain.decisions.corrections import FINAL
from domain.errors import EventIdReused, ImportNotFound, LedgerError, Refused
from domain.events.contacts import ContactRegistered
from domain.events.governance import EventRetracted
from domain.events.referrals import ReferralReceived
from domain.imports import UNDO, import_of, source_of_import
from domain.resting import is_registered_only, resting_on
from ledger.commit_queue import TooManyWaiting
from ledger.drafts import Append, Draft
from ledger.identifiers import undo_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from ledger.drafts import AppendResult
    from ledger.ledger import Ledger

BATCH_EVENTS = 500
"""How many retractions are appended together."""

MOST_LISTED = 10_000
"""How many contacts and events are listed in the result; all are counted."""

RETRY_SECONDS = 0.05
"""How long to wait where too much waits to be recorded."""


REASON = "The import that brought it was undone."
"""Why an event is retracted; left out where nothing personal can be recorded any more."""

_UNREADABLE = ("contact-erased", "contact-key-lost")


class RestingEvent(NamedTuple):
    """An event that stands, and rests on one that was retracted."""

    contact_id: UUID
    event_id: UUID
    type: str
    rests_on: UUID


@dataclass(kw_only=True)
class Undone:
    """What undoing an import came to.

    ``already_retracted`` were so before, by an earlier run or by somebody. ``kept`` counts by type
    what cannot be retracted. ``contacts_left`` counts the contacts that the import registered and
    that have only their registration; ``resting`` the standing events that rest on what was
    retracted. Of both the first are listed.
    """

    import_id: UUID
    events: int = 0
    retracted: int = 0
    already_retracted: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    contacts_left: int = 0
    contacts: list[UUID] = field(default_factory=list)
    resting: int = 0
    resting_events: list[RestingEvent] = field(default_factory=list)
    seconds: float = 0.0


class Undoing:
    """One run of undoing one import."""

    def __init__(
        self, ledger: Ledger, import_id: UUID, advance: Callable[[int, int], None]
    ) -> None:
        """``advance`` hears how much is done of how much, and may raise to end the run there."""
        self.account = Undone(import_id=import_id)
        self._ledger = ledger
        self._named = str(import_id)
        self._source = source_of_import(UNDO, import_id)
        self._tell = advance
        self._done = self._total = 0
        self._registered: set[UUID] = set()
        self._touched: set[UUID] = set()

    def run(self) -> Undone:
        """Retract everything, and look at what is left.

        Raises:
            ImportNotFound: nothing in the ledger was appended by such an import.
            LedgerError: the ledger can take no more; what was retracted stays so.
        """
        started = time.monotonic()
        # Only their positions are kept: there may be as many as a file has rows.
        positions = array("Q")
        for _, found, _ in windows(self._ledger, self.account.import_id, advance=self._advance):
            positions.extend(found)
        if not positions:
            raise ImportNotFound(f"nothing in this ledger was appended by an import {self._named}")
        self.account.events = self._total = len(positions)
        for end in range(len(positions), 0, -BATCH_EVENTS):
            some = positions[max(end - BATCH_EVENTS, 0) : end]
            self._retract(self._read(some))
            self._advance(len(some))
        for contact_id in sorted(self._touched | self._registered):
            self._look_at(contact_id)
        self.account.seconds = time.monotonic() - started
        return self.account

    def _advance(self, more: int = 0) -> None:
        self._done += more
        self._tell(self._done, self._total)

    def _read(self, positions: Sequence[int]) -> list[RecordedEvent]:
        """The events at these positions, newest first."""
        first, last = positions[0], positions[-1]
        if last - first < 2 * len(positions):
            page = self._ledger.log(
                after=first - 1, limit=last - first + 1, upto=last, decrypt=False
            )
            wanted = set(positions)
            found = [one for one in page if one.position in wanted]
        else:
            found = [self._ledger.event(position, decrypt=False) for position in positions]
        return [one for one in reversed(found) if import_of(one.source) == self._named]

    def _retract(self, events: Sequence[RecordedEvent]) -> None:
        targets = []
        for recorded in events:
            if isinstance(recorded.event, ReferralReceived):
                continue  # it follows the referral, which is retracted on its own stream
            if isinstance(recorded.event, FINAL):
                self.account.kept[recorded.type] += 1
                if isinstance(recorded.event, ContactRegistered):
                    self._registered.add(recorded.contact_id)
                continue
            self._touched.add(recorded.contact_id)
            targets.append(recorded)
        unreadable = []
        for recorded, outcome in self._outcomes_of(targets, REASON):
            if isinstance(outcome, Refused) and outcome.reason in _UNREADABLE:
                unreadable.append(recorded)
            else:
                self._count(outcome)
        for _, outcome in self._outcomes_of(unreadable, None):
            self._count(outcome)

    def _count(self, outcome: AppendResult | LedgerError) -> None:
        """Account for one retraction; somebody may have retracted the same for another reason.

        Raises:
            LedgerError: the ledger could not record it.
        """
        already = isinstance(outcome, Refused) and outcome.reason == "already-retracted"
        if already or isinstance(outcome, EventIdReused):
            self.account.already_retracted += 1
        elif isinstance(outcome, LedgerError):
            raise outcome
        elif outcome.events and not outcome.replayed:
            self.account.retracted += 1
        else:
            self.account.already_retracted += 1

    def _retraction(self, recorded: RecordedEvent, reason: str | None) -> Append:
        draft = Draft(
            contact_id=recorded.contact_id,
            type=EventRetracted.TYPE,
            id=undo_id(self._ledger.namespace, recorded.id),
            source=self._source,
            event=EventRetracted(target=recorded.id, reason=reason),
        )
        return Append(drafts=(draft,))

    def _outcomes_of(
        self, targets: Sequence[RecordedEvent], reason: str | None
    ) -> Iterator[tuple[RecordedEvent, AppendResult | LedgerError]]:
        """What became of the retraction of each."""
        if targets:
            appends = [self._retraction(recorded, reason) for recorded in targets]
            yield from zip(targets, self._append(appends), strict=True)

    def _append(self, appends: Sequence[Append]) -> list[AppendResult | LedgerError]:
        """What became of each, once it is durable; it waits while too much waits already."""
        while True:
            try:
                return self._ledger.append_each(appends).result()
            except TooManyWaiting:
                time.sleep(RETRY_SECONDS)
                self._advance()

    def _look_at(self, contact_id: UUID) -> None:
        """Note what is left of a contact."""
        stream = self._ledger.stream(contact_id)
        if contact_id in self._registered and is_registered_only(stream):
            self.account.contacts_left += 1
            if len(self.account.contacts) < MOST_LISTED:
                self.account.contacts.append(contact_id)
        undone = {one.id for one in stream if import_of(one.source) == self._named}
        for resting in resting_on(stream, undone):
            self.account.resting += 1
            if len(self.account.resting_events) < MOST_LISTED:
                one = resting.recorded
                self.account.resting_events.append(
                    RestingEvent(contact_id, one.id, one.type, resting.rests_on)
                )
