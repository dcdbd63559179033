"""The messages that a webhook is to receive: read from the event log and from the outbox, and kept.

It is a cursor over the log, so an append costs nothing more because of webhooks, and none is
forgotten whenever the process ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.webhooks.messages import of_event, of_notice
from domain.events.governance import PersonalDataErased
from domain.notices import EVENT_RECORDED, OF_EVENTS, PERSONAL_DATA_ERASED, PROJECTION_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.service.webhooks.subscriptions import Webhooks
    from domain.recorded import RecordedEvent
    from ledger.stores.webhooks import Delivery, Webhook
    from projections.outbox_tables import OutboxEntry

    ReadNotices = Callable[[int, int], Sequence[OutboxEntry]]

PAGE_EVENTS = 500
"""How many events are read at once, at most."""

MOST_UNSAVED_EVENTS = 1_000
"""How many events that nobody wants are read before the place in the log is kept."""


class Intake:
    """Takes in for one webhook; for one thread at a time.

    ``position`` and ``notice`` are how far the log and the outbox were read; the store may be a
    little behind, where nothing of it was wanted.
    """

    def __init__(
        self,
        webhooks: Webhooks,
        webhook: Webhook,
        read_notices: ReadNotices,
        clock: Callable[[], int],
    ) -> None:
        """``read_notices`` reads the notices beyond a number, up to a limit."""
        self._webhooks = webhooks
        self._webhook = webhook
        self._read_notices = read_notices
        self._clock = clock
        self._events = OF_EVENTS.intersection(webhook.events)
        self._notices = frozenset(webhook.events) - OF_EVENTS
        self.position, self.notice = webhook.position, webhook.notice
        self._saved = self.position, self.notice

    def take_in(self, room: int, *, idle: bool) -> tuple[bool, int]:
        """Have what is next wait in the store, up to about ``room`` messages.

        Returns whether there is more, and how many wait now that did not before. ``idle`` says
        that there is time to keep a place at which nothing was wanted.
        """
        limit = max(1, min(room // 2, PAGE_EVENTS))
        events, more = self._read_log(limit)
        found = [one for recorded in events for one in self._messages(recorded)]
        notices = self._read_notices(self.notice, limit) if self._notices else ()
        for one in notices:
            self.notice = one.number
            if self._is_wanted(one):
                found.append(of_notice(self._webhooks.ledger, one.notice, self._clock()))
        reached = self.position, self.notice
        unsaved = reached[0] - self._saved[0] + reached[1] - self._saved[1]
        if found or (unsaved and (idle or unsaved >= MOST_UNSAVED_EVENTS)):
            if not self._webhooks.store.take_in(self._webhook, found, *reached):
                return False, 0  # it was changed meanwhile, and another courier takes over
            self._saved = reached
        return more or len(notices) == limit, len(found)

    def _read_log(self, limit: int) -> tuple[Sequence[RecordedEvent], bool]:
        ledger = self._webhooks.ledger
        head = ledger.head()
        if head <= self.position or not self._events:
            self.position = max(head, self.position)
            return (), False
        events = ledger.log(
            after=self.position, upto=head, limit=limit, types=self._types(), decrypt=False
        )
        more = len(events) == limit
        self.position = events[-1].position if more else head
        return events, more

    def _types(self) -> tuple[str, ...]:
        """The types of events that are read; all where it is empty."""
        if EVENT_RECORDED not in self._events:
            return (PersonalDataErased.TYPE,)
        types = self._webhook.types
        if types and PERSONAL_DATA_ERASED in self._events:
            return tuple({*types, PersonalDataErased.TYPE})
        return types

    def _messages(self, recorded: RecordedEvent) -> list[Delivery]:
        types, found = self._webhook.types, []
        if EVENT_RECORDED in self._events and (not types or recorded.type in types):
            found.append(EVENT_RECORDED)
        if PERSONAL_DATA_ERASED in self._events and recorded.type == PersonalDataErased.TYPE:
            found.append(PERSONAL_DATA_ERASED)
        ledger, at = self._webhooks.ledger, self._clock()
        return [of_event(ledger, kind, recorded, at) for kind in found]

    def _is_wanted(self, entry: OutboxEntry) -> bool:
        """Whether it is of this webhook's kinds, and of no time before it was made."""
        webhook, notice = self._webhook, entry.notice
        is_past = notice.known <= webhook.began_at and notice.instant <= webhook.made_at
        return notice.kind in self._notices and (
            not is_past or notice.kind == PROJECTION_FAILED  # of no time but its own
        )
