"""Writers that keep a server busy, and remember what they sent and what they were told."""

from __future__ import annotations

import random
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from rapport_client import Client, NewEvent, Retries, Unavailable, Unreachable
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.registrations import registration_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ONCE = Retries(tries=1)
TRIES = 3
"""How often a writer asks for what is refused before it waits or gives up."""

UNKNOWN = "whether this was recorded is not known"
"""What a server says whose database died during a commit."""

LINES = 30
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

Pair = tuple[UUID, NewEvent]


class Place(NamedTuple):
    """Where an event stands; bulk lines are told no version."""

    position: int
    version: int | None


@dataclass
class Sent:
    """Events asked to be recorded together, and where they stand, once that was acknowledged."""

    pairs: list[Pair]
    places: dict[UUID, Place] | None = None
    refusals: list[Unavailable] = field(default_factory=list)
    doubtful: bool = False
    """Once it was asked, and the answer said nothing or never came: it may stand there or not."""
    unanswered: bool = False
    """Once it was asked and never answered."""
    by_line: bool = False

    def send(self, client: Client) -> bool:
        """Whether it was acknowledged; an acknowledgement never changes."""
        contacts = {contact for contact, _ in self.pairs}
        events = [event for _, event in self.pairs]
        try:
            if len(contacts) == 1:
                answered = client.append(contacts.pop(), *events).events
            else:
                answered = client.append_many(self.pairs).events
        except Unavailable as refusal:
            self.refuse(refusal)
            return False
        except Unreachable:
            self.doubtful = self.unanswered = True
            return False
        assert [one.id for one in answered] == [event.id for event in events]
        self.acknowledge({one.id: Place(one.position, one.version) for one in answered})
        return True

    def refuse(self, refusal: Unavailable) -> None:
        """Keep what was said: that nothing was recorded, or that this is not known."""
        if UNKNOWN in str(refusal):
            self.doubtful = True
        else:
            self.refusals.append(refusal)

    def acknowledge(self, places: dict[UUID, Place]) -> None:
        """Keep the answer, which says what an earlier one said, or more."""
        for event_id, known in (self.places or {}).items():
            assert known in (places[event_id], places[event_id]._replace(version=None))
        assert self.places is None or self.places.keys() == places.keys()
        self.places = places


class Count:
    """Counts what happens in any thread, and lets one wait for a number more of it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def up(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def more(self, number: int) -> None:
        with self._changed:
            goal = self._count + number
            enough = self._changed.wait_for(lambda: self._count >= goal, END_SECONDS)
        assert enough, f"{self._count} instead of {goal}"


class Watch:
    """What the writers are told, counted; ``clear`` while nothing stands in their way."""

    def __init__(self) -> None:
        self.acknowledged = Count()
        self.refused = Count()
        self.clear = threading.Event()
        self.clear.set()


class Writer(threading.Thread):
    """Appends one thing after the other until the server is gone."""

    def __init__(self, url: str, seed: int, shared: UUID, watch: Watch) -> None:
        super().__init__()
        self._url = url
        self._random = random.Random(seed)
        self._shared = shared
        self._watch = watch
        self._contacts: list[UUID] = []
        self.sent: list[Sent] = []

    def run(self) -> None:
        with Client(self._url, retries=ONCE) as client:
            for one in self._story():
                if not self._served(one, client):
                    return

    def _served(self, one: Sent, client: Client) -> bool:
        """Whether the server is still there. What it refuses is asked again, and then given up."""
        for _ in range(TRIES):
            if one.send(client):
                self._watch.acknowledged.up()
                return True
            if one.unanswered:
                return False
            self._watch.refused.up()
        return self._watch.clear.wait(END_SECONDS)

    def _story(self) -> Iterator[Sent]:
        """Single events, batches of one contact, batches of many, referrals, new contacts, and
        what was sent before, in any order."""
        self._contacts = [self._uuid() for _ in range(3)]
        yield self._new(*((contact, self._registration()) for contact in self._contacts))
        while self.sent[0].places is None:
            yield self.sent[0]
        while True:
            one, other = self._random.sample(self._contacts, 2)
            match self._random.randrange(6):
                case 0:
                    yield self._new((self._shared, self._visit()))
                case 1:
                    visits = self._random.randint(2, 8)
                    yield self._new(*((one, self._visit()) for _ in range(visits)))
                case 2:
                    pairs = [(who, self._visit()) for who in (one, self._shared, other)]
                    yield self._new(*pairs)
                case 3:
                    yield self._new((one, self._visit()), (one, self._referral(other)))
                case 4:
                    yield self._new((self._uuid(), self._registration()))
                case 5:
                    yield self._random.choice(self.sent)

    def _new(self, *pairs: Pair) -> Sent:
        self.sent.append(Sent(list(pairs)))
        return self.sent[-1]

    def _registration(self) -> NewEvent:
        return registration_event(f"Ann Örn {self._random.randrange(1000)}")

    def _visit(self) -> NewEvent:
        """A visit of which every field may be told, or not."""
        by = self._random
        happened = EPOCH + timedelta(microseconds=by.randrange(10**13))
        return NewEvent(
            "visit-made",
            {"guests": by.randrange(100)},
            occurred_at=by.choice([None, happened]),
            source=by.choice([None, f"till-{by.randrange(9)}"]),
            actor=by.choice([None, f"clerk-{by.randrange(9)}"]),
            causation_id=by.choice([None, self._uuid()]),
        )

    def _referral(self, other: UUID) -> NewEvent:
        data = {
            "referral_id": str(self._uuid()),
            "direction": "inbound",
            "other": other,
            "level": self._random.randint(2, 4),
        }
        return NewEvent("referral-made", data, source=self._random.choice([None, "till-1"]))

    def _uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)


class BulkWriter(Writer):
    """Appends by lines; what was acknowledged line by line is kept line by line."""

    def run(self) -> None:
        lines = self._story()
        waiting: list[Sent] = []
        with Client(self._url, retries=ONCE) as client:
            while True:
                waiting += [next(lines) for _ in range(LINES - len(waiting))]
                if not self._taken(waiting, client):
                    return
                waiting = [one for one in waiting if one.places is None]

    def _taken(self, waiting: list[Sent], client: Client) -> bool:
        """Whether the server is still there. Lines without an answer have to be sent again."""
        left = deque(waiting)
        try:
            for outcome in client.bulk([pair for one in waiting for pair in one.pairs]):
                assert outcome.position is not None, outcome.problem
                left.popleft().acknowledge({outcome.event.id: Place(outcome.position, None)})
                self._watch.acknowledged.up()
        except Unavailable as refusal:
            refused = left.popleft()
            refused.by_line = True
            refused.refuse(refusal)
            self._watch.refused.up()
        except Unreachable:
            doubt(left)
            return False
        doubt(left)
        return self._watch.clear.wait(END_SECONDS)

    def _story(self) -> Iterator[Sent]:
        for number in count():
            if number % 10 == 0:
                self._contacts = [self._uuid()]
                yield self._new((self._contacts[0], self._registration()))
            yield self._new((self._contacts[0], self._visit()))


def doubt(all_sent: Iterable[Sent]) -> None:
    for one in all_sent:
        one.doubtful = True
