"""Erasing a person: the fence, the keys, the caches, and every point at which a crash may come."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.contact import ContactState
from domain.errors import ContactNotFound, EventIdReused, Invalid, Refused, Unavailable
from domain.events.base import EncryptedValue
from domain.events.contacts import ContactRegistered
from domain.events.governance import PersonalDataErased
from ledger.drafts import Append
from ledger.erasure import Erasure
from ledger.stores.keys import KEY_BYTES, NONCE_BYTES
from ledger.stores.sqlite.data_keys import KeyStore
from ledger.stores.sqlite.events import LedgerApplicationRecorder
from ledger.stores.sqlite.file_names import KEYS_FILE
from tests.fixtures.faults import failing
from tests.fixtures.finding import called, finder_of
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN, SALE, append, draft, open_ledger, registered
from tests.ledger.inside import application_of, keys_of, reachable, wrapped_keys
from tests.ledger.test_committer import held_up_before_it_commits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from ledger.erasure import ErasureResult
    from ledger.ledger import Ledger
    from tests.ledger.given import HandClock

NONCE = bytes(NONCE_BYTES)
WISH = PersonalDataErased(requested_by="the person", reason="asked by letter")


def asked(ledger: Ledger, contact_id: UUID) -> Future[ErasureResult]:
    return ledger.erase(Erasure(contact_id=contact_id, event=WISH))


def erased(ledger: Ledger, contact_id: UUID) -> ErasureResult:
    return asked(ledger, contact_id).result(timeout=END_SECONDS)


def merged(ledger: Ledger, contact_id: UUID, into: UUID) -> None:
    append(ledger, draft(contact_id, "contact-merged", {"into": str(into)}))


def name_of(ledger: Ledger, contact_id: UUID) -> object:
    (event,) = [r.event for r in ledger.stream(contact_id, decrypt=True) if r.version == 1]
    assert isinstance(event, ContactRegistered)
    return event.name


def in_key_files(folder: Path, needles: Sequence[bytes]) -> bool:
    files = b"".join(file.read_bytes() for file in folder.glob(f"{KEYS_FILE}*"))
    return any(needle in files for needle in needles)


def refusal(ledger: Ledger, contact_id: UUID, type_name: str, data: Mapping[str, object]) -> str:
    with pytest.raises(Refused) as raised:
        append(ledger, draft(contact_id, type_name, data))
    return raised.value.reason


def test_an_erasure_is_an_event_and_what_was_personal_is_gone(ledger: Ledger) -> None:
    contact_id, finder = registered(ledger), finder_of(ledger)
    assert called(finder, "ann") == [contact_id]
    done = erased(ledger, contact_id)
    assert done.fresh
    (event,) = ledger.stream(contact_id, types=[PersonalDataErased.TYPE], decrypt=True)
    assert (event.position, event.id) == (done.position, done.contacts[0].event_id)
    assert isinstance(event.event, PersonalDataErased)
    assert (event.event.requested_by, event.event.reason) == ("the person", EncryptedValue(b""))
    assert name_of(ledger, contact_id) == EncryptedValue(b"")
    assert called(finder, "ann") == []


def test_neither_the_store_of_keys_nor_its_log_has_the_bytes_any_more(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    contacts = [registered(ledger) for _ in range(300)]
    before = wrapped_keys(tmp_path)
    gone, kept = contacts[::3], contacts[1::3]
    assert in_key_files(tmp_path, [before[gone[0]]])
    for contact_id in gone:
        erased(ledger, contact_id)
        assert not in_key_files(tmp_path, [before[contact_id]])
    assert not in_key_files(tmp_path, [before[contact_id] for contact_id in gone])
    assert all(in_key_files(tmp_path, [before[contact_id]]) for contact_id in kept)
    assert name_of(ledger, kept[0]) == "Ann Example"
    ledger.close()
    assert not in_key_files(tmp_path, [before[contact_id] for contact_id in gone])


def test_no_cache_keeps_what_was_personal(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    append(ledger, draft(contact_id, "preference-learned", {"key": "seat", "value": "window"}))
    key = keys_of(ledger).key(contact_id)
    assert key is not None
    encrypted = key.encrypt(NONCE, b"Ann", None)
    assert kept_in_memory(ledger, contact_id, encrypted) == {"key", "name", "state"}
    erased(ledger, contact_id)
    assert kept_in_memory(ledger, contact_id, encrypted) == set()
    state = application_of(ledger).contact(contact_id)
    assert state.registration == ContactRegistered(kind="person", name=EncryptedValue(b""))


def kept_in_memory(ledger: Ledger, contact_id: UUID, encrypted: bytes) -> set[str]:
    """What of a contact's key, name and state an open ledger can still reach.

    The key is whatever decrypts what was encrypted with it.
    """
    kept = reachable(ledger)
    found = {
        "key": any(decrypts(one, encrypted) for one in kept),
        "name": any("ann example" in one.lower() for one in kept if isinstance(one, str)),
        "state": any(one.contact_id == contact_id for one in kept if isinstance(one, ContactState)),
    }
    return {name for name, is_kept in found.items() if is_kept}


def decrypts(one: object, encrypted: bytes) -> bool:
    """Whether it is the key, or a cipher of it."""
    if isinstance(one, bytes) and len(one) == KEY_BYTES:
        one = AESGCM(one)
    try:
        return isinstance(one, AESGCM) and one.decrypt(NONCE, encrypted, None) == b"Ann"
    except InvalidTag:
        return False


def test_erasing_again_answers_as_before(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    first = erased(ledger, contact_id)
    head = ledger.head()
    again = erased(ledger, contact_id)
    assert (again.contacts, again.fresh, ledger.head()) == (first.contacts, False, head)


def test_nobody_is_erased_who_was_never_registered(ledger: Ledger) -> None:
    with pytest.raises(ContactNotFound):
        erased(ledger, uuid4())


def test_a_person_is_erased_under_every_contact_that_they_are(ledger: Ledger) -> None:
    first, second, third, other = (registered(ledger) for _ in range(4))
    merged(ledger, first, second)
    merged(ledger, second, third)
    done = erased(ledger, first)
    group = (third, *sorted({first, second}))
    assert tuple(one.contact_id for one in done.contacts) == group
    positions = [one.position for one in done.contacts]
    assert positions == list(range(positions[0], positions[0] + 3))
    events = [ledger.event(position) for position in positions]
    assert [event.causation_id for event in events] == [None, events[0].id, events[0].id]
    assert {name_of(ledger, contact) for contact in group} == {EncryptedValue(b"")}
    assert name_of(ledger, other) == "Ann Example"


def test_nobody_is_merged_with_an_erased_contact(ledger: Ledger) -> None:
    gone, other = registered(ledger), registered(ledger)
    erased(ledger, gone)
    assert refusal(ledger, other, "contact-merged", {"into": str(gone)}) == "contact-erased"
    assert refusal(ledger, gone, "contact-merged", {"into": str(other)}) == "contact-erased"


def test_an_erased_contact_that_is_separated_stays_erased(ledger: Ledger) -> None:
    first, second = registered(ledger), registered(ledger)
    merged(ledger, first, second)
    append(ledger, draft(first, "preference-learned", {"key": "seat", "value": "window"}))
    erased(ledger, second)
    told = {"key": "seat", "value": "door"}
    assert refusal(ledger, first, "preference-learned", told) == "contact-erased"
    append(ledger, draft(first, "purchase-made", SALE))
    append(ledger, draft(first, "merge-reversed", {"into": str(second)}))
    assert name_of(ledger, first) == EncryptedValue(b"")
    assert refusal(ledger, first, "preference-learned", told) == "contact-erased"
    assert refusal(ledger, first, "contact-registered", ANN) == "contact-erased"


def test_who_was_separated_again_is_another_person(ledger: Ledger) -> None:
    first, second = registered(ledger), registered(ledger)
    merged(ledger, first, second)
    append(ledger, draft(first, "merge-reversed", {"into": str(second)}))
    erased(ledger, second)
    assert (name_of(ledger, first), name_of(ledger, second)) == ("Ann Example", EncryptedValue(b""))


def test_what_races_an_erasure_is_decided_before_or_after_it(ledger: Ledger) -> None:
    """In one transaction: a merge before it is erased too, a name after it is refused."""
    contact_id, alias = registered(ledger), registered(ledger)
    noted = draft(contact_id, "preference-learned", {"key": "seat", "value": "window"})
    with held_up_before_it_commits(ledger):
        ledger.append(Append(drafts=(draft(uuid4(), "contact-registered", ANN),)))
        ledger.append(Append(drafts=(draft(alias, "contact-merged", {"into": str(contact_id)}),)))
        before = ledger.append(Append(drafts=(noted,)))
        erasing = asked(ledger, contact_id)
        after = ledger.append(Append(drafts=(noted,)))
        sale = ledger.append(Append(drafts=(draft(contact_id, "purchase-made", SALE),)))
    assert before.result(timeout=END_SECONDS).version == 2
    done = erasing.result(timeout=END_SECONDS)
    assert {one.contact_id for one in done.contacts} == {contact_id, alias}
    with pytest.raises(Refused, match="erased"):
        after.result(timeout=END_SECONDS)
    assert sale.result(timeout=END_SECONDS).version == 4
    texts = [r.event for r in ledger.stream(contact_id, decrypt=True)]
    assert texts[1].show() == {"key": "seat", "value": None}


def test_an_erased_contact_takes_what_is_not_personal(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    append(ledger, draft(contact_id, "purchase-made", SALE))
    erased(ledger, contact_id)
    assert refusal(ledger, contact_id, "preference-learned", {"key": "a", "value": "b"}) == (
        "contact-erased"
    )
    assert refusal(ledger, contact_id, "contact-registered", ANN) == "contact-erased"
    refund: dict[str, object] = {"purchase_id": "p1", "amount_minor": 50, "currency": "EUR"}
    assert append(ledger, draft(contact_id, "purchase-reversed", refund)).version == 4
    assert append(ledger, draft(contact_id, "relationship-ended", {"by": "contact"})).version == 5


def test_an_event_of_an_erased_contact_is_retracted_without_a_reason(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    sale = append(ledger, draft(contact_id, "purchase-made", SALE)).events[0]
    target: dict[str, object] = {"target": str(sale.id)}
    with pytest.raises(Invalid) as raised:
        append(ledger, draft(contact_id, "event-retracted", target))
    assert [(e.pointer, e.code) for e in raised.value.errors] == [("/data/reason", "missing")]
    erased(ledger, contact_id)
    told = {**target, "reason": "Ann sent it back"}
    assert refusal(ledger, contact_id, "event-retracted", told) == "contact-erased"
    assert append(ledger, draft(contact_id, "event-retracted", target)).version == 4
    assert append(ledger, draft(contact_id, "event-retracted", target)).events == ()


def test_a_repeated_append_after_an_erasure_answers_as_before(ledger: Ledger) -> None:
    contact_id = uuid4()
    registration = draft(contact_id, "contact-registered", ANN, id=uuid4(), actor="till 2")
    first = append(ledger, registration)
    erased(ledger, contact_id)
    again = append(ledger, registration)
    assert again.replayed
    assert again.events[0].position == first.events[0].position
    known = first.events[0].id
    otherwise = draft(contact_id, "contact-registered", {**ANN, "kind": "household"}, id=known)
    with pytest.raises(EventIdReused):
        append(ledger, otherwise)


def test_killed_between_the_event_and_the_key_the_next_start_destroys_it(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger(tmp_path, clock)
    contact_id = registered(ledger)
    before = wrapped_keys(tmp_path)[contact_id]
    # What a kill leaves at that moment: the events are on disk, the keys are as they were.
    monkeypatch.setattr(KeyStore, "destroy", lambda *_: 0)
    erased(ledger, contact_id)
    ledger.close()
    monkeypatch.undo()
    assert in_key_files(tmp_path, [before])
    opened = open_ledger(tmp_path, clock)
    assert not in_key_files(tmp_path, [before])
    assert name_of(opened, contact_id) == EncryptedValue(b"")
    opened.close()


def test_a_key_back_from_a_backup_is_destroyed_before_anybody_reads(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    contact_id = registered(ledger)
    backup = wrapped_keys(tmp_path)[contact_id]
    erased(ledger, contact_id)
    ledger.close()
    with closing(sqlite3.connect(tmp_path / KEYS_FILE)) as connection, connection:
        connection.execute("INSERT INTO data_keys VALUES (?, ?)", (contact_id.bytes, backup))
    opened = open_ledger(tmp_path, clock)
    assert name_of(opened, contact_id) == EncryptedValue(b"")
    assert not in_key_files(tmp_path, [backup])
    opened.close()


def test_nobody_reads_while_a_key_cannot_be_destroyed_and_asking_goes_on(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    contact_id = registered(ledger)
    keys_of(ledger)._connection.execute("PRAGMA busy_timeout=10")
    with closing(sqlite3.connect(tmp_path / KEYS_FILE)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM data_keys").fetchone()
        with pytest.raises(Unavailable, match="not destroyed yet"):
            erased(ledger, contact_id)
        assert name_of(ledger, contact_id) == EncryptedValue(b"")
        assert called(finder_of(ledger), "ann") == []
    done = erased(ledger, contact_id)
    assert not done.fresh
    assert ledger.head() == done.position
    ledger.close()


def test_an_erasure_that_cannot_be_recorded_destroys_nothing(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    contact_id = registered(ledger)

    with (
        failing(
            LedgerApplicationRecorder,
            "insert_events",
            sqlite3.OperationalError("database is locked"),
        ),
        pytest.raises(Unavailable, match="nothing"),
    ):
        erased(ledger, contact_id)
    assert name_of(ledger, contact_id) == "Ann Example"
    assert contact_id in wrapped_keys(tmp_path)
    ledger.close()


def test_an_address_whose_key_a_backup_lacks_gets_no_other_one(
    tmp_path: Path, clock: HandClock
) -> None:
    """Nobody registered it, so that no name of its own says that its key is lost."""
    ledger = open_ledger(tmp_path, clock)
    contact_id, address, other = registered(ledger), uuid4(), uuid4()
    for one in (address, other):
        append(ledger, draft(one, "contact-merged", {"into": str(contact_id)}))
    ledger.close()
    older = (tmp_path / KEYS_FILE).read_bytes()
    ledger = open_ledger(tmp_path, clock)
    liked = {"key": "seat", "value": "window"}
    append(ledger, draft(address, "preference-learned", liked))
    ledger.close()
    (tmp_path / KEYS_FILE).write_bytes(older)

    ledger = open_ledger(tmp_path, clock)
    assert refusal(ledger, address, "preference-learned", liked) == "contact-key-lost"
    append(ledger, draft(address, "visit-made", {"guests": 0}))
    assert address not in wrapped_keys(tmp_path)
    append(ledger, draft(other, "preference-learned", liked))  # it had no key yet
    assert other in wrapped_keys(tmp_path)
    ledger.close()


def test_a_contact_whose_key_a_backup_lacks_gets_no_other_one(
    tmp_path: Path, clock: HandClock
) -> None:
    """Another key would open nothing of before, which would read as damage to the whole ledger."""
    ledger = open_ledger(tmp_path, clock)
    ledger.close()
    older = (tmp_path / KEYS_FILE).read_bytes()
    ledger = open_ledger(tmp_path, clock)
    contact_id, sale = registered(ledger), uuid4()
    append(ledger, draft(contact_id, "purchase-made", SALE, id=sale))
    ledger.close()
    (tmp_path / KEYS_FILE).write_bytes(older)

    ledger = open_ledger(tmp_path, clock)
    assert name_of(ledger, contact_id) == EncryptedValue(b"")
    liked = {"key": "seat", "value": "window"}
    assert refusal(ledger, contact_id, "preference-learned", liked) == "contact-key-lost"
    with pytest.raises(Refused, match="actor"):
        append(ledger, draft(contact_id, "visit-made", {"guests": 0}, actor="Bo"))
    append(ledger, draft(contact_id, "event-retracted", {"target": str(sale)}))
    assert contact_id not in wrapped_keys(tmp_path)
    assert name_of(ledger, contact_id) == EncryptedValue(b"")
    assert erased(ledger, contact_id).fresh
    assert refusal(ledger, contact_id, "preference-learned", liked) == "contact-erased"
    registered(ledger)  # the ledger goes on
    ledger.close()
