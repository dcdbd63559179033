"""Statuses that are kept say what would be worked out anew, to the byte."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

import msgpack
import pytest

from api.service.answer_cache import ENTRY_BYTES, AnswerCache, HeadAnswer, Newest
from domain.events.commerce import VisitMade
from domain.events.contacts import ContactMerged
from domain.instants import DAY, HOUR
from domain.recorded import RecordedEvent
from tests.api.shop import purchase, registration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.service.server import Server
    from domain.events import Event
    from ledger.ledger import Ledger
    from tests.api.shop import Clock, Shop

ANN, BEN, CID, DAN = (UUID(int=number) for number in range(1, 5))


class Log:
    """As much of a ledger as statuses are kept by."""

    def __init__(self) -> None:
        self.position = 0
        self.versions: Counter[UUID] = Counter()
        self.told: Callable[[Sequence[RecordedEvent]], None] = lambda _events: None

    def head(self) -> int:
        return self.position

    def recorded_at(self, position: int) -> int:
        return position

    def on_record(self, told: Callable[[Sequence[RecordedEvent]], None]) -> None:
        self.told = told

    def record(self, contact_id: UUID, event: Event | None = None, skipped: int = 0) -> None:
        self.position += 1 + skipped
        self.versions[contact_id] += 1
        version = self.versions[contact_id]
        made = RecordedEvent(
            contact_id=contact_id, version=version,
            position=self.position, id=UUID(int=self.position),
            occurred_at=0, recorded_at=self.position, source=None, actor=None, causation_id=None,
            event=event or VisitMade(guests=1),
        )  # fmt: skip  # one argument a line says no more
        self.told([made])


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def statuses(log: Log) -> AnswerCache:
    ledger: Ledger = log  # type: ignore[assignment]  # all that is asked of it
    kept = AnswerCache(ledger, most_bytes=lambda: 3 * (ENTRY_BYTES + 10))
    kept.keep(ANN, 0, 100, 200, b"said.of.an")
    return kept


def test_what_is_kept_is_said_from_its_instant_until_it_may_change(statuses: AnswerCache) -> None:
    assert statuses.get(ANN, 99) is None
    assert statuses.get(ANN, 200) is None
    for at in (100, 199):
        found = statuses.get(ANN, at)
        assert found is not None
        assert found.said == b"said.of.an"


def test_an_event_of_somebody_else_moves_the_position_alone(
    log: Log, statuses: AnswerCache
) -> None:
    log.record(BEN)
    assert statuses.get(ANN, 100) == HeadAnswer(b"said.of.an", Newest(1, 1))


def test_an_event_of_their_own_is_not_missed(log: Log, statuses: AnswerCache) -> None:
    log.record(ANN)
    assert statuses.get(ANN, 100) is None


def test_a_merge_of_others_lets_all_go(log: Log, statuses: AnswerCache) -> None:
    log.record(BEN)
    log.record(BEN, ContactMerged(into=CID))
    assert statuses.get(ANN, 100) is None


def test_a_new_address_lets_go_of_its_contact_alone(log: Log, statuses: AnswerCache) -> None:
    log.record(BEN, ContactMerged(into=CID))
    assert statuses.get(ANN, 100) is not None
    log.record(DAN, ContactMerged(into=ANN))
    assert statuses.get(ANN, 100) is None


def test_what_is_kept_of_a_group_goes_with_an_event_of_any_stream(
    log: Log, statuses: AnswerCache
) -> None:
    statuses.keep(CID, 0, 100, None, b"said.of.ci", (BEN, DAN))
    assert statuses.survivor_of(BEN) == CID
    log.record(ANN)
    assert statuses.get(CID, 100) is not None
    log.record(DAN)
    assert statuses.get(CID, 100) is None
    assert statuses.survivor_of(BEN) == BEN


def test_where_an_event_was_not_told_nothing_is_kept(log: Log, statuses: AnswerCache) -> None:
    log.record(BEN, skipped=1)
    assert statuses.get(ANN, 100) is None


def test_what_was_worked_out_before_the_newest_event_is_not_kept(
    log: Log, statuses: AnswerCache
) -> None:
    log.record(BEN)
    statuses.keep(BEN, 0, 100, None, b"too early!")
    assert statuses.get(BEN, 100) is None


def test_who_was_not_asked_for_lately_makes_room(statuses: AnswerCache) -> None:
    for number in (2, 3):
        statuses.keep(UUID(int=number), 0, 100, None, b"0123456789")
    assert statuses.get(ANN, 100)
    statuses.keep(UUID(int=4), 0, 100, None, b"0123456789")
    assert statuses.get(UUID(int=2), 100) is None
    assert all(statuses.get(UUID(int=number), 100) for number in (1, 3, 4))


CONTACTS = [f"pos:{number}" for number in range(4)]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_a_status_is_what_would_be_worked_out_anew(
    server: Server, shop: Shop, clock: Clock, seed: int
) -> None:
    chance = Random(seed)
    kept = server.ledger(shop.base.rpartition("/")[2]).statuses
    ids: list[str] = []

    def post(path: str, body: object) -> None:
        answer = shop.client.post(f"{shop.base}{path}", json=body)
        assert answer.status_code in (200, 201, 409), answer.text
        if answer.status_code == 201 and "events" in answer.json():
            ids.extend(one["id"] for one in answer.json()["events"])

    def act(contact: str) -> None:
        path, other = f"/contacts/{contact}/events", chance.choice(CONTACTS)
        target = chance.choice(ids)
        choices: list[object] = [
            purchase(str(len(ids))),
            {"type": "visit-made", "data": {"guests": 2}},
            {"type": "engagement-opened",
             "data": {"engagement_id": str(len(ids)), "role": "buyer", "capacity": "client"}},
            {"type": "referral-made",
             "data": {"referral_id": str(len(ids)), "direction": "inbound", "other": other,
                      "level": 4}},
            {"type": "complaint-raised",
             "data": {"complaint_id": str(len(ids)), "severity": 3, "public": False}},
            {"type": "event-retracted", "data": {"target": target, "reason": "typo"}},
            {"type": "contact-merged", "data": {"into": other}},
            {"type": "merge-reversed", "data": {"into": other}},
        ]  # fmt: skip  # one entry a line says no more
        post(path, chance.choice(choices))

    for contact in CONTACTS[:-1]:
        post(f"/contacts/{contact}/events", registration())
    hits = 0
    for _ in range(60):
        clock.instant += chance.choice((0, HOUR, DAY, 20 * DAY))
        if chance.random() < 0.05:
            post("/policies", {"preset": chance.choice(("cafe", "retail", "real-estate"))})
        act(chance.choice(CONTACTS))
        for contact in CONTACTS:
            address = f"{shop.base}/contacts/{contact}/status"
            survivor = server.ledger(shop.base.rpartition("/")[2]).ledger.contact_id(contact)
            hits += kept.get(survivor, clock.instant) is not None
            asked = shop.client.get(address)
            if asked.status_code == 404:
                continue  # an address that is none just now
            # With an instant the question is another one, which nothing is kept for.
            anew = shop.client.get(address, params={"as_of": asked.json()["as_of"]})
            assert asked.content == anew.content
            assert asked.headers["etag"] == anew.headers["etag"]
            answers_for = [one.headers.get("content-location", "") for one in (asked, anew)]
            assert answers_for[0] == answers_for[1].partition("?")[0]
            assert asked.headers["rapport-position"] == anew.headers["rapport-position"]
            packed = shop.client.get(address, headers={"accept": "application/vnd.msgpack"})
            assert msgpack.unpackb(packed.content) == asked.json()
    assert hits > 20, "what was asked was often kept"
