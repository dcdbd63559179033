"""Many appends with one answer, and nothing else in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from domain.errors import LedgerError, Refused
from ledger.commit_queue import BATCH_EVENTS, TooManyWaiting
from ledger.drafts import Append, AppendResult
from ledger.mapper import LedgerMapper
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN, SALE, append, draft, open_ledger, registered
from tests.ledger.test_committer import held_up

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.drafts import Draft
    from ledger.ledger import Ledger
    from tests.ledger.given import HandClock


def each(ledger: Ledger, *drafts: Draft) -> list[AppendResult | LedgerError]:
    return ledger.append_each([Append(drafts=(one,)) for one in drafts]).result(timeout=END_SECONDS)


def test_each_has_its_own_place_or_its_own_error(ledger: Ledger) -> None:
    contact_id, stranger = uuid4(), uuid4()
    sale = draft(contact_id, "purchase-made", SALE, id=uuid4())
    first, refused, second, replayed = each(
        ledger,
        draft(contact_id, "contact-registered", ANN),
        draft(stranger, "purchase-made", SALE),
        sale,
        sale,
    )
    assert isinstance(first, AppendResult)
    assert isinstance(second, AppendResult)
    assert isinstance(replayed, AppendResult)
    assert (first.position, second.position, replayed.position) == (2, 3, 3)
    assert (second.replayed, replayed.replayed) == (False, True)
    assert isinstance(refused, Refused)
    assert ledger.stream(stranger) == []


def test_none_is_nothing_to_do(ledger: Ledger) -> None:
    assert each(ledger) == []


def test_a_fault_of_ours_in_one_takes_none_of_the_others_down(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = registered(ledger)
    to_stored_event = LedgerMapper.to_stored_event

    def faulty(mapper: LedgerMapper, recorded: Any) -> Any:
        if recorded.type == "thanks-received":
            raise ZeroDivisionError
        return to_stored_event(mapper, recorded)

    monkeypatch.setattr(LedgerMapper, "to_stored_event", faulty)
    visit = draft(contact_id, "visit-made", {"guests": 0})
    with held_up(ledger):
        neighbour = ledger.append(Append(drafts=(visit,)))
        many = ledger.append_each(
            [Append(drafts=(one,)) for one in (visit, draft(contact_id, "thanks-received"), visit)]
        )
    before, failed, after = many.result(timeout=END_SECONDS)
    assert neighbour.result().version == 2
    assert isinstance(before, AppendResult)
    assert isinstance(after, AppendResult)
    assert (before.version, after.version) == (3, 4)
    assert type(failed) is LedgerError


def test_many_leave_half_of_the_queue_to_single_appends(tmp_path: Path, clock: HandClock) -> None:
    ledger = open_ledger(tmp_path, clock, waiting_events=8)
    visit = draft(registered(ledger), "visit-made", {"guests": 0})
    many = [Append(drafts=(visit,))] * 4
    with held_up(ledger):
        accepted = ledger.append_each(many)
        with pytest.raises(TooManyWaiting):
            ledger.append_each(many)
        single = ledger.append(Append(drafts=(visit,)))
    assert single.result(timeout=END_SECONDS).version == 2
    assert [one.version for one in accepted.result() if isinstance(one, AppendResult)] == [
        3,
        4,
        5,
        6,
    ]
    assert append(ledger, visit).version == 7
    ledger.close()


def test_a_single_append_waits_only_for_the_bulk_work_being_recorded(
    ledger: Ledger,
) -> None:
    visit = draft(registered(ledger), "visit-made", {"guests": 0})
    many = [Append(drafts=(visit,))] * (BATCH_EVENTS // 2)
    with held_up(ledger):
        first, second = ledger.append_each(many), ledger.append_each(many)
        single = ledger.append(Append(drafts=(visit,)))
    assert single.result(timeout=END_SECONDS).version == 2
    versions = [one.version for one in first.result() + second.result(timeout=END_SECONDS)]  # type: ignore[union-attr]  # no error
    assert versions == list(range(3, 3 + BATCH_EVENTS))


def test_single_appends_without_end_do_not_keep_bulk_work_out(ledger: Ledger) -> None:
    visit = draft(registered(ledger), "visit-made", {"guests": 0})
    with held_up(ledger):
        singles = [ledger.append(Append(drafts=(visit,))) for _ in range(2 * BATCH_EVENTS)]
        many = ledger.append_each([Append(drafts=(visit,))] * 10)
    newest = [
        one.version for one in many.result(timeout=END_SECONDS) if isinstance(one, AppendResult)
    ]
    assert newest == list(range(2 + BATCH_EVENTS - 10, 2 + BATCH_EVENTS))
    assert singles[-1].result(timeout=END_SECONDS).version == 1 + 2 * BATCH_EVENTS + 10


def test_bulk_work_is_recorded_in_the_order_in_which_it_came(ledger: Ledger) -> None:
    visit = draft(registered(ledger), "visit-made", {"guests": 0})
    with held_up(ledger):
        chunks = [ledger.append_each([Append(drafts=(visit,))] * 100) for _ in range(12)]
    recorded = [one for chunk in chunks for one in chunk.result(timeout=END_SECONDS)]
    versions = [one.version for one in recorded if isinstance(one, AppendResult)]
    assert versions == list(range(2, 1202))
