"""The index of near occasions grows with each question, also while its worker rests."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import TYPE_CHECKING
from uuid import uuid4

from api.service.agendas import near
from api.service.agendas.near import OccasionIndex
from api.service.finding.worker import IndexingWorker
from domain.agenda.days import day_on
from domain.instants import day_of
from tests.ledger.given import HandClock, append, draft, open_ledger, registered

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_question_reads_on_until_all_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a long log and a worker that never gets to it, asking again comes to an answer."""
    clock, seconds = HandClock(), count(step=0.9 * near.MOST_READING_SECONDS)
    monkeypatch.setattr(near, "WINDOW_POSITIONS", 2)
    monkeypatch.setattr(near, "monotonic", lambda: next(seconds))
    ledger, worker = open_ledger(tmp_path, clock), IndexingWorker()
    worker.close()
    ann = registered(ledger)
    for _ in range(4):
        append(ledger, draft(uuid4(), "contact-registered", {"kind": "person", "name": "Bob"}))
    day = day_on(date.fromordinal(day_of(clock(), "UTC")), "UTC", clock())
    born = {"occasion_id": "b", "kind": "birthday", "month": day.on.month, "day": day.on.day}
    append(ledger, draft(ann, "occasion-learned", born))
    index = OccasionIndex(ledger, worker)
    answers = [index.near(day, 7) for _ in range(-(-ledger.head() // 2))]
    assert answers == [None] * (len(answers) - 1) + [{ann}]
    index.close()
    assert index.near(day, 7) is None
    ledger.close()
