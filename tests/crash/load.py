"""Writers that keep a server busy, and remember what they sent and what they were told."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING
from uuid import UUID

from api.client import Client, NewEvent, Retries, Unavailable, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

ONCE = Retries(tries=1)
LINES = 30
PATIENCE_SECONDS = 30.0

Pair = tuple[UUID, NewEvent]


@dataclass
class Sent:
    """Events asked to be recorded together, and where they stand, once that was acknowledged."""

    pairs: list[Pair]
    positions: dict[UUID, int] | None = None

    def send(self, client: Client) -> bool:
        """Whether it was acknowledged; an acknowledgement never changes."""
        contacts = {contact for contact, _ in self.pairs}
        events = [event for _, event in self.pairs]
        try:
            if len(contacts) == 1:
                answered = client.append(contacts.pop(), *events).events
            else:
                answered = client.append_many(self.pairs).events
        except (Unreachable, Unavailable):
            return False
        assert [one.id for one in answered] == [event.id for event in events]
        positions = {one.id: one.position for one in answered}
        assert self.positions in (None, positions)
        self.positions = positions
        return True


class Count:
    """Counts acknowledgements from any thread, and lets one wait for a number of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def up(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def reach(self, number: int) -> None:
        with self._changed:
            enough = self._changed.wait_for(lambda: self._count >= number, PATIENCE_SECONDS)
        assert enough, f"{self._count} acknowledged instead of {number}"


class Writer(threading.Thread):
    """Appends one thing after the other until the server is gone."""

    def __init__(self, url: str, seed: int, shared: UUID, acknowledged: Count) -> None:
        super().__init__()
        self._url = url
        self._random = random.Random(seed)
        self._shared = shared
        self._acknowledged = acknowledged
        self.sent: list[Sent] = []

    def run(self) -> None:
        with Client(self._url, retries=ONCE) as client:
            for pairs in self._story():
                self.sent.append(Sent(pairs))
                if not self.sent[-1].send(client):
                    return
                self._acknowledged.up()

    def _story(self) -> Iterator[list[Pair]]:
        """Single events, batches of one contact, batches of many, and referrals, in any order."""
        contacts = [self._uuid() for _ in range(3)]
        yield [(contact, registration()) for contact in contacts]
        while True:
            one, other = self._random.sample(contacts, 2)
            match self._random.randrange(4):
                case 0:
                    yield [(self._shared, visit())]
                case 1:
                    yield [(one, visit()) for _ in range(self._random.randint(2, 8))]
                case 2:
                    yield [(one, visit()), (self._shared, visit()), (other, visit())]
                case 3:
                    yield [(one, visit()), (one, self._referral(other))]

    def _referral(self, other: UUID) -> NewEvent:
        data = {
            "referral_id": str(self._uuid()),
            "direction": "inbound",
            "other": other,
            "level": 3,
        }
        return NewEvent("referral-made", data)

    def _uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)


class BulkWriter(Writer):
    """Appends by lines; what was acknowledged line by line is kept line by line."""

    def run(self) -> None:
        lines = self._lines()
        with Client(self._url, retries=ONCE) as client, suppress(Unreachable, Unavailable):
            for place, outcome in enumerate(client.bulk(lines, lines_per_request=LINES)):
                assert outcome.position is not None, outcome.problem
                self.sent[place].positions = {outcome.event.id: outcome.position}
                self._acknowledged.up()

    def _lines(self) -> Iterator[Pair]:
        own = self._uuid()
        lines = chain([(own, registration())], ((own, visit()) for _ in count()))
        for pair in lines:
            self.sent.append(Sent([pair]))
            yield pair


def registration() -> NewEvent:
    return NewEvent("contact-registered", {"kind": "person", "name": "Ann Example"})


def visit() -> NewEvent:
    return NewEvent("visit-made", {"guests": 1})
