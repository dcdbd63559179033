"""A replay: one contact at a time, to be cancelled, and honest about what was erased."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from api.service.answers.document import KnownAt
from api.service.questions import At, Knowledge
from api.service.replays.lines import Lines
from api.service.replays.replay import LOOK_EVENTS, replay
from domain.events.governance import PersonalDataErased
from domain.instants import DAY
from projections.operations import Cancelled, Progress, Work
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.clock import Clock
from tests.projections.memory import NOW, MemoryLedger
from tests.replays.asked import moment, replayed, rows, work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.recorded import RecordedEvent
    from projections.folding import Moment


@pytest.fixture
def ledger() -> MemoryLedger:
    """Three contacts who bought once."""
    told = MemoryLedger(Clock(NOW))
    for contact in (ANN, BEN, CAT):
        told.tell(contact, "contact-registered", NOW - 30 * DAY)
        told.tell(contact, "purchase-made", NOW - DAY)
    return told


class Town(MemoryLedger):
    """A ledger with as many contacts as one likes, each made when it is walked to."""

    def __init__(self, template: list[RecordedEvent], contacts: int) -> None:
        super().__init__(Clock(NOW))
        self._template = template
        self._contacts = contacts

    def head(self) -> int:
        return 1 + self._contacts * len(self._template)

    def streams(
        self, *, after: UUID | None = None, upto: int
    ) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
        for number in range(1, self._contacts + 1):
            contact = UUID(int=number)
            yield contact, [replace(one, contact_id=contact) for one in self._template]


def known(at: Moment) -> KnownAt:
    """The moment's position, which the account of a replay repeats."""
    return KnownAt(position=at.position, recorded_at=NOW)


def peak_bytes(town: Town) -> int:
    """The most that a replay of the town holds at a time."""
    at = moment(town, NOW)
    tracemalloc.start()
    replay(town, at, known(at), Lines(), work())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_number_of_contacts(ledger: MemoryLedger) -> None:
    template = ledger.stream(ANN)
    peak_bytes(Town(template, 50))  # what is worked out once for all
    few, many = peak_bytes(Town(template, 50)), peak_bytes(Town(template, 4000))
    # Garbage in circles waits for its collector, whose turn hangs on what ran before; what is kept
    # of each contact would be some 200 bytes at least.
    assert many < few + 400_000


def test_it_tells_how_far_it_is_and_ends_when_it_is_asked_to(ledger: MemoryLedger) -> None:
    contacts = 2 * LOOK_EVENTS
    town = Town(ledger.stream(ANN), contacts)
    at = moment(town, NOW)
    told: list[Progress] = []
    doing = Work(told.append)
    replay(town, at, known(at), Lines(), doing)
    done = [one.done for one in told]
    assert done == sorted(done)
    assert len(done) >= 4
    assert done[0] == 0
    assert done[-1] == told[-1].total == 2 * contacts
    lines = Lines()
    doing.cancel()
    with pytest.raises(Cancelled):
        replay(town, at, known(at), lines, doing)
    assert lines.count == 0


def test_a_line_says_that_evidence_was_erased_once_that_is_known(ledger: MemoryLedger) -> None:
    head = ledger.head()
    before = replayed(ledger, moment(ledger, NOW))
    erased = PersonalDataErased(requested_by="the contact", reason="asked for it")
    ledger.record(BEN, erased, NOW, None, 3)
    _, content = replayed(ledger, moment(ledger, NOW))
    assert [row["evidence_erased"] for row in rows(content)] == [False, True, False]
    then = moment(ledger, NOW, At(as_known_at=Knowledge(position=head)))
    assert replayed(ledger, then) == before


def test_a_group_stands_where_its_survivor_does(ledger: MemoryLedger) -> None:
    ledger.tell(ANN, "contact-merged", into=str(CAT))
    account, content = replayed(ledger, moment(ledger, NOW))
    found: list[dict[str, Any]] = rows(content)
    assert [row["contact_id"] for row in found] == [str(BEN), str(CAT)]
    assert account["contacts"] == 2
