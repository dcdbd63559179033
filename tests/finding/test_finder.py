"""The index of a ledger follows its log: what is learned, taken back, corrected and erased."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from api.service.finding import finder as finding
from api.service.finding.finder import Finder
from api.service.finding.worker import IndexingWorker
from domain.events.governance import PersonalDataErased
from ledger.erasure import Erasure
from tests.fixtures.finding import called, finder_of
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.ledger.given import ANN, HandClock, append, draft, open_ledger, registered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from ledger.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path, HandClock())
    yield opened
    opened.close()


def matched(finder: Finder, typed: str) -> list[tuple[UUID, str]]:
    return [(one.contact, one.matched) for one in finder.find(typed, 100)]


def test_contacts_are_found_by_part_of_any_name_they_went_by(ledger: Ledger) -> None:
    ann, bob, finder = registered(ledger), uuid4(), finder_of(ledger)
    assert called(finder, "ANN ex") == [ann]
    append(ledger, draft(bob, "contact-registered", {"kind": "person", "name": "Bob STRASSE"}))
    assert called(finder, "stra\u00dfe") == [bob]
    append(ledger, draft(ann, "registration-amended", {"name": "Ann Bobsdottir"}))
    assert called(finder, "bob") == [ann, bob]
    assert called(finder, "bob", 1) == [ann]
    assert called(finder, "example") == [ann]
    assert called(finder, "nobody") == []
    assert called(finder_of(ledger), "bob") == [ann, bob], "read from the beginning"


def test_what_was_learned_is_found_until_it_is_taken_back(ledger: Ledger) -> None:
    ann, finder = registered(ledger), finder_of(ledger)
    mail = {"kind": "email", "value": "Ann@Example.org"}
    learned = uuid4()
    append(ledger, draft(ann, "contact-detail-learned", mail, id=learned))
    append(ledger, draft(ann, "registration-amended", {"refs": [{"source": "till", "ref": "7"}]}))
    assert matched(finder, "ann@example.org") == [(ann, "email")]
    assert matched(finder, "till:7") == matched(finder, "7") == [(ann, "ref")]
    amended = {**mail, "value": "ann@other.org"}
    append(ledger, draft(ann, "event-corrected", {"target": str(learned), "data": amended}))
    assert matched(finder, "ann@example.org") == []
    assert matched(finder, "ann@other.org") == [(ann, "email")]
    append(ledger, draft(ann, "contact-detail-removed", amended))
    assert matched(finder, "ann@other.org") == []
    assert matched(finder_of(ledger), "ann example") == [(ann, "name")]


def test_a_retracted_name_was_never_one(ledger: Ledger) -> None:
    ann, finder, amendment = registered(ledger), finder_of(ledger), uuid4()
    append(ledger, draft(ann, "registration-amended", {"name": "Zoe"}, id=amendment))
    assert matched(finder, "zoe") == [(ann, "name")]
    assert matched(finder, "example") == [(ann, "former_name")]
    append(ledger, draft(ann, "event-retracted", {"target": str(amendment), "reason": "typo"}))
    assert matched(finder, "zoe") == []
    assert matched(finder, "example") == [(ann, "name")]


def test_who_is_erased_is_forgotten_before_the_next_question(ledger: Ledger) -> None:
    ann, bob, finder = registered(ledger), registered(ledger), finder_of(ledger)
    assert called(finder, "ann") == [ann, bob]
    wish = PersonalDataErased(requested_by="the person", reason="asked for it")
    ledger.erase(Erasure(contact_id=ann, event=wish)).result(END_SECONDS)
    held = finder.with_index(lambda index: [index.contact_record(one) for one in (ann, bob)])
    assert held[0] == b""
    assert held[1] != b""
    assert called(finder_of(ledger), "ann") == [bob]


def test_a_long_log_is_read_part_by_part_and_it_says_how_far(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "WINDOW_POSITIONS", 2)
    monkeypatch.setattr(finding, "NEAR_POSITIONS", 2)
    first, *_, last = [registered(ledger) for _ in range(7)]
    finder = finder_of(ledger)
    assert finder.state() == ("building", 0, 8)
    assert called(finder, "ann") == []
    assert finder.advance()
    assert finder.state() == ("building", 2, 8)
    assert called(finder, "ann") == [first]
    while finder.advance():
        pass
    assert finder.state() == ("ready", 8, 8)
    assert called(finder, "ann")[-1] == last


def test_one_thread_builds_the_indexes_of_all_and_ends(ledger: Ledger) -> None:
    registered(ledger)
    worker = IndexingWorker()
    finders = [Finder(ledger, worker) for _ in range(5)]
    registered(ledger)
    until(lambda: all(finder.state().done == 3 for finder in finders))
    append(ledger, draft(uuid4(), "contact-registered", ANN))
    finders[0].close()
    registered(ledger)
    until(lambda: all(finder.state().done == 5 for finder in finders[1:]))
    assert called(finders[0], "ann") == []
    worker.close()
    registered(ledger)
    assert [finder.state() for finder in finders[1:]] == [("ready", 5, 6)] * 4
    assert len(called(finders[1], "ann")) == 5
