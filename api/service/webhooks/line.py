"""The line of one webhook: what waits to be sent, in what order, and what is on its way.

The messages of a contact are sent one after the other, each once the one before was delivered or
given up. Those of different contacts do not wait for each other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from api.service.webhooks.attempts import GONE
from ledger.stores.webhooks import DEAD, DELIVERED, WAITING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from uuid import UUID

    from api.service.webhooks.attempts import Outcome
    from api.service.webhooks.pacing import DeliveryPacing
    from ledger.stores.webhooks import Delivery

_SECOND = 1_000_000


class Line:
    """What one webhook has to send, in memory: a part of what waits in the store.

    Pure but for what it remembers: instants come in as arguments, in microseconds.
    """

    def __init__(self, pacing: DeliveryPacing, *, is_failing: bool) -> None:
        self._pacing = pacing
        self._waiting: dict[UUID, Delivery] = {}
        self._sending: dict[UUID, Delivery] = {}
        self._failures = pacing.failures if is_failing else 0
        self._rests_until = 0
        self.is_gone = False
        """Whether the receiver said that it wants nothing any more."""

    @property
    def room(self) -> int:
        """How many more messages may wait here."""
        return self._pacing.most_waiting - len(self._waiting)

    def runs_low(self, contacts: Collection[UUID | None]) -> bool:
        """Whether more of what waits in the store should come, of these contacts or of any."""
        if self.room * 2 >= self._pacing.most_waiting:
            return True
        counts = Counter(one.contact for one in self._waiting.values())
        return any(counts[one] * 2 <= self._pacing.most_of_contact for one in contacts)

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._failures > 0

    def put(self, deliveries: Iterable[Delivery]) -> None:
        """Have these wait too; those that wait here already stay as they are."""
        count = len(self._waiting)
        for one in deliveries:
            self._waiting.setdefault(one.id, one)
        if len(self._waiting) > count:
            # Kept in order, so that nothing is sorted for each message that is sent.
            ordered = sorted(self._waiting.values(), key=lambda one: one.order)
            self._waiting = {one.id: one for one in ordered}

    def take(self, at: int, upto: int) -> Iterator[Delivery]:
        """What is to be sent now, and is on its way from now on.

        Messages that rest on a position beyond ``upto`` wait: an earlier one may still come.
        """
        if self.is_gone or at < self._rests_until:
            return
        struggles = self._failures >= self._pacing.failures
        free = (1 if struggles else self._pacing.at_once) - len(self._sending)
        taken = {one.contact for one in self._sending.values()}
        for one in list(self._waiting.values()):
            if free <= 0:
                return
            if one.contact in taken:
                continue
            taken.add(one.contact)
            if one.next_at <= at and one.position <= upto:
                free -= 1
                self._sending[one.id] = one
                yield one

    def settle(self, sent: Delivery, outcome: Outcome, at: int) -> Delivery:
        """What became of a message that was on its way, to be kept."""
        self._sending.pop(sent.id, None)
        attempts, first_at = sent.attempts + 1, at if sent.first_at is None else sent.first_at
        tried = replace(
            sent,
            attempts=attempts,
            first_at=first_at,
            at=at,
            status=outcome.status,
            problem=outcome.problem,
        )
        if outcome.is_delivered:
            self._waiting.pop(sent.id, None)
            if self._failures >= self._pacing.failures:
                # It is back: what failed meanwhile need not wait for its own time.
                self._waiting = {
                    name: replace(one, next_at=min(one.next_at, at))
                    for name, one in self._waiting.items()
                }
            self._failures, self._rests_until = 0, 0
            return replace(tried, state=DELIVERED)
        self._failures += 1
        self.is_gone = self.is_gone or outcome.status == GONE
        next_at = self._pacing.next_at(sent.id, attempts, at, outcome.retry_after)
        gives_up_at = first_at + int(self._pacing.give_up_seconds * _SECOND)
        if outcome.retry_after is not None:
            self._rests_until = max(self._rests_until, next_at)
        else:
            next_at = min(next_at, max(gives_up_at, at + 1))
            if self._failures >= self._pacing.failures:
                rests_until = min(next_at, at + int(self._pacing.rest_seconds * _SECOND))
                self._rests_until = max(self._rests_until, rests_until)
        gives_up = at >= gives_up_at
        if gives_up and not self.is_gone:
            self._waiting.pop(sent.id, None)
            return replace(tried, state=DEAD)
        kept = replace(tried, state=WAITING, next_at=next_at)
        self._waiting[sent.id] = kept
        return kept

    def due_at(self, at: int, upto: int) -> int | None:
        """When something may be sent next; None where only an answer or an append brings it."""
        struggles = self._failures >= self._pacing.failures
        if len(self._sending) >= (1 if struggles else self._pacing.at_once) or self.is_gone:
            return None
        taken = {one.contact for one in self._sending.values()}
        first = None
        for one in self._waiting.values():
            if one.contact in taken:
                continue
            taken.add(one.contact)
            if one.position <= upto and (first is None or one.next_at < first):
                first = one.next_at
                if first <= at:
                    break
        return None if first is None else max(first, self._rests_until, at)
