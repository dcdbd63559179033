"""Contacts that are met for the first time: many of them cost one question."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from domain.errors import Refused
from ledger.drafts import Append, AppendResult
from ledger.stores.sqlite.events import MOST_IDS, LedgerApplicationRecorder
from tests.fixtures.faults import calls_of
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN, append, draft, open_ledger, registered
from tests.ledger.inside import application_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.ledger import Ledger
    from tests.ledger.given import HandClock


@dataclass
class Questions:
    """What ledgers asked their recorders: for which streams together, and for which alone."""

    together: list[set[UUID]] = field(default_factory=list)
    streams: list[UUID] = field(default_factory=list)


@contextmanager
def asked() -> Iterator[Questions]:
    questions = Questions()
    with (
        calls_of(LedgerApplicationRecorder, "rows_of_streams") as together,
        calls_of(LedgerApplicationRecorder, "select_events") as streams,
    ):
        yield questions
    questions.together += [set(call.positional[1]) for call in together]
    questions.streams += [call.positional[1] for call in streams]


def test_a_batch_over_many_unknown_contacts_asks_once(ledger: Ledger) -> None:
    contacts = [uuid4() for _ in range(50)]
    with asked() as questions:
        append(ledger, *[draft(contact, "contact-registered", ANN) for contact in contacts])
    assert questions == Questions([set(contacts)], [])
    with asked() as questions:
        append(ledger, *[draft(contact, "visit-made", {"guests": 0}) for contact in contacts])
    assert questions == Questions([], [])
    assert [ledger.version(contact) for contact in contacts] == [2] * 50


def test_a_batch_over_many_strangers_asks_for_some_dozens_at_a_time(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    known = [registered(ledger) for _ in range(100)]
    ledger.close()
    ledger = open_ledger(tmp_path, clock)
    with asked() as questions:
        append(ledger, *[draft(contact, "visit-made", {"guests": 0}) for contact in known])
    assert set().union(*questions.together) == set(known)
    assert (len(questions.together), questions.streams) == (2, [])
    assert [ledger.version(contact) for contact in known] == [2] * 100
    ledger.close()


def test_contacts_that_are_loaded_together_are_what_each_is_alone(ledger: Ledger) -> None:
    ann, ben, cat, stranger = registered(ledger), registered(ledger), registered(ledger), uuid4()
    bought = {"amount_minor": 100, "currency": "EUR", "initiated_by": "contact"}
    told = append(
        ledger,
        draft(ann, "purchase-made", bought | {"purchase_id": "1"}),
        draft(ben, "purchase-made", bought | {"purchase_id": "1"}),
        draft(ann, "purchase-made", bought | {"purchase_id": "2"}),
    )
    targets = [str(one.id) for one in told.events]
    append(ledger, draft(ann, "event-retracted", {"target": targets[0], "reason": "typo"}))
    changed = {"target": targets[1], "data": bought | {"purchase_id": "3"}}
    append(ledger, draft(ben, "event-corrected", changed))
    append(ledger, draft(cat, "contact-merged", {"into": str(ann)}))
    application = application_of(ledger)
    contacts = [ann, stranger, cat, ben]
    together = {state.contact_id: state for state in application.contacts(contacts)}
    assert together.keys() == set(contacts)
    for contact in contacts:
        alone = application.contact(contact)
        assert together[contact].dealings == alone.dealings
        assert together[contact] == alone
    assert together[ann].version == 4


def test_known_and_unknown_contacts_are_told_apart(tmp_path: Path, clock: HandClock) -> None:
    ledger = open_ledger(tmp_path, clock)
    known = [registered(ledger) for _ in range(3)]
    ledger.close()
    ledger = open_ledger(tmp_path, clock)
    fresh, stranger = uuid4(), uuid4()
    drafts = [draft(contact, "visit-made", {"guests": 0}) for contact in (*known, stranger)]
    drafts.append(draft(fresh, "contact-registered", ANN))
    answers = ledger.append_each([Append(drafts=(one,)) for one in drafts]).result(
        timeout=END_SECONDS
    )
    refused = answers.pop(3)
    assert isinstance(refused, Refused)
    assert refused.reason == "contact-unregistered"
    assert [one.version for one in answers if isinstance(one, AppendResult)] == [2, 2, 2, 1]
    ledger.close()


def test_registered_contacts_are_those_with_events(ledger: Ledger) -> None:
    known = {registered(ledger), registered(ledger)}
    unknown = [uuid4() for _ in range(2 * MOST_IDS)]
    assert ledger.registered_contacts([*unknown, *known]) == known
    assert ledger.registered_contacts([]) == set()


def test_a_contact_that_was_merged_was_registered_all_the_same(ledger: Ledger) -> None:
    merged, survivor = registered(ledger), registered(ledger)
    append(ledger, draft(merged, "contact-merged", {"into": str(survivor)}))
    assert ledger.registered_contacts([merged, survivor]) == {merged, survivor}
