"""What a ledger's store promises besides what its parts do: ``ledger.stores.store``, as tests."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, cast
from uuid import UUID

import pytest

from domain.errors import Corrupt, LedgerError, Unavailable
from domain.events.contacts import ContactRegistered
from domain.presets import PRESETS
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.master_keys import as_master_key
from ledger.stores.transparency_log import VerifierKey
from ledger.transparency.tiles import TileAt
from ledger.verification.trust import Trust
from tests.contracts.store import MASTER_KEY, ORIGIN, OpenedByStore
from tests.contracts.transparency_log import EMPTY, HASHES, OLD, THREE
from tests.fixtures.clock import Clock
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.stores import ServedLedgerStore
    from ledger.stores.reading import EventColumns
    from projections.tables import Transaction

ANN, BEN = UUID(int=1), UUID(int=2)
RARE = "contact-merged"
EVENTS: list[EventColumns] = [
    (1, ANN.bytes, 1, "contact-registered", b"a", UUID(int=11).bytes),
    (2, BEN.bytes, 1, "contact-registered", b"b", UUID(int=12).bytes),
    (3, ANN.bytes, 2, RARE, b"c", UUID(int=13).bytes),
]


def make_events(ledger: ServedLedgerStore) -> None:
    """Open the events of a ledger for the first time, and close them."""
    with closing(ledger.event_factory()) as factory:
        factory.application_recorder()


def make_parts(ledger: ServedLedgerStore) -> None:
    """Make every part of a ledger, as opening it for the first time does."""
    ledger.open_keys(MASTER_KEY).close()
    make_events(ledger)
    ledger.begin_log(ORIGIN, (OLD, 0), EMPTY)


def restore_parts(ledger: ServedLedgerStore) -> None:
    """Fill a new ledger with what was recorded elsewhere."""
    with closing(ledger.open_keys(MASTER_KEY)) as keys:
        keys.adopt([(ANN, bytes(32)), (BEN, bytes(32))])
        keys.signing.make(ORIGIN, 1)
    with (
        ledger.restore_events() as events,
        ledger.restore_log(ORIGIN, [VerifierKey(OLD, 0, None)]) as log,
    ):
        events.add(EVENTS[:1])
        events.add(EVENTS[1:])
        assert events.position == 3
        log.add([EMPTY, THREE])
        log.put(TileAt(0, 0, 3), HASHES)


def make_stays(transaction: Transaction) -> None:
    """Make a table such as a projection has."""
    transaction.create_table("stays", ("who BLOB NOT NULL",), ("who",), ())


class LedgerStoreContract(OpenedByStore):
    """Parts are made, found, put under another key, restored, read, copied and verified."""

    def test_a_ledger_is_made_part_by_part(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        assert ledger.exists()
        assert not ledger.is_made()
        assert not ledger.has_keys()
        assert ledger.log_origin() is None
        with pytest.raises(Corrupt):
            ledger.require_parts(log=False)
        make_parts(ledger)
        assert ledger.is_made()
        assert ledger.has_keys()
        assert ledger.log_origin() == ORIGIN
        ledger.require_parts(log=True)
        ledger.check()

    def test_only_the_log_may_be_missing_in_an_older_ledger(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        ledger.open_keys(MASTER_KEY).close()
        make_events(ledger)
        ledger.require_parts(log=False)
        ledger.check()
        with pytest.raises(Corrupt):
            ledger.require_parts(log=True)

    def test_neither_an_empty_key_store_nor_another_log_is_opened(self, tmp_path: Path) -> None:
        with pytest.raises(Corrupt):
            self.ledger_in(tmp_path).open_keys(MASTER_KEY, make=False)
        ledger = self.ledger_in(tmp_path, "other")
        make_parts(ledger)
        with pytest.raises(Corrupt):
            ledger.open_log("example.org/other")

    def test_a_log_that_is_forgotten_can_begin_under_another_origin(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        restore_parts(ledger)
        assert ledger.log_origin() == ORIGIN
        for _ in range(2):  # the second time there is nothing to forget
            ledger.forget_log()
            assert ledger.log_origin() is None
        ledger.begin_log(f"{ORIGIN[:-1]}0", (OLD, 0), EMPTY)
        with closing(ledger.open_log(f"{ORIGIN[:-1]}0")) as log:
            assert log.newest() == EMPTY
        with closing(ledger.open_keys(MASTER_KEY, make=False)) as keys:
            assert keys.key(ANN) is not None

    def test_layouts_are_those_of_this_program(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        make_parts(ledger)
        found = ledger.server().layouts()
        assert found
        assert all(one.found == one.wanted for one in found)
        ledger.server().upgrade()
        assert ledger.server().layouts() == found

    def test_a_ledger_that_can_be_written_has_room(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        make_parts(ledger)
        assert ledger.is_writable()
        ledger.require_room()

    def test_the_state_is_another_one_once_something_was_written(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        make_parts(ledger)
        before = ledger.state()
        assert ledger.state() == before
        with closing(ledger.open_keys(MASTER_KEY)) as keys:
            keys.signing.make("log", 1)
        assert ledger.state() != before

    def test_keys_are_put_under_another_master_key(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        old, new = as_master_key(MASTER_KEY), as_master_key(bytes(range(32)))
        with closing(ledger.open_keys(old)) as keys:
            keys.encryption_key(ANN)
            keys.save()
            keys.signing.make("log", 1)
        assert ledger.rewrap_keys(old, new) == 2
        assert ledger.rewrap_keys(old, new) == 0
        with pytest.raises(Corrupt):
            ledger.open_keys(old)
        with pytest.raises(Corrupt):
            ledger.rewrap_keys(old, as_master_key(bytes(range(1, 33))))
        with closing(ledger.open_keys(new)) as again:
            assert again.key(ANN) is not None
            assert len(again.signing.keys_of("log")) == 1

    @pytest.mark.parametrize("at_rest", [False, True])
    def test_what_was_restored_is_read_in_pages(self, tmp_path: Path, *, at_rest: bool) -> None:
        ledger = self.ledger_in(tmp_path)
        restore_parts(ledger)
        checkpoints = [(one.size, one.root, one.note, one.signed_at) for one in (EMPTY, THREE)]
        with closing(ledger.read(at_rest=at_rest)) as reader:
            assert [*reader.rows(0, 3, 2)] == EVENTS[:2]
            assert [*reader.rows(2, 3, 2)] == EVENTS[2:]
            assert [*reader.rows(0, 1, 9)] == EVENTS[:1]
            assert [*reader.streams_with("contact-registered", 0)] == [ANN.bytes, BEN.bytes]
            assert [*reader.streams_with(RARE, 3)] == []
            assert reader.newest_checkpoint() == checkpoints[-1]
            assert [*reader.checkpoints(-1, 1)] == checkpoints[:1]
            assert [*reader.checkpoints(0, 9)] == checkpoints[1:]
            assert [*reader.verifier_keys()] == [(OLD, 0, None)]
            master = as_master_key(MASTER_KEY)
            (contact, wrapped), *more = reader.data_keys(b"", 9)
            assert (contact, master.unwrap(wrapped, contact)) == (ANN.bytes, bytes(32))
            assert len(more) == 1
            assert [one for one, _ in reader.data_keys(ANN.bytes, 9)] == [BEN.bytes]
            assert len(reader.signing_keys(master.unwrap).keys_of(ORIGIN)) == 1

    def test_a_reader_of_what_is_missing_says_so(self, tmp_path: Path) -> None:
        for at_rest in (False, True):
            with pytest.raises(Corrupt):
                self.ledger_in(tmp_path).read(at_rest=at_rest)

    def test_a_copy_is_a_ledger_whose_keys_can_be_hidden(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path / "data")
        restore_parts(ledger)
        (tmp_path / "copy").mkdir()
        copies = ledger.server().beside(tmp_path / "copy")
        copies.prepare()
        with copies.unfinished_ledger() as made:
            copies.finish_ledger(made, "main")
        copy = cast("ServedLedgerStore", copies.ledger("main"))
        ledger.write_document("ledger.json", b"settings")
        ledger.copy_into(copy, "ledger.json")
        assert copy.read_document("ledger.json") == b"settings"
        with closing(copy.open_keys(MASTER_KEY, make=False)) as keys:
            copy.hide_keys()
            assert keys.key(ANN) is not None
        assert not copy.has_keys()
        assert ledger.has_keys()
        assert copy.log_origin() == ORIGIN
        with copy.read_events(None) as events:
            assert events.head() == 3

    def test_an_examination_looks_at_every_part(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        make_parts(ledger)
        examination = ledger.examination()
        assert examination.newest_event() is None
        assert all(part.is_sound for part in examination.part_checks())
        assert not any(part.has_projections for part in examination.part_checks())
        ledger.open_tables().close()
        assert [part.has_projections for part in examination.part_checks()].count(True) == 1
        assert examination.projections_position() is None
        restored = self.ledger_in(tmp_path, "restored")
        restore_parts(restored)
        newest = restored.examination().newest_event()
        assert newest is not None
        assert (newest.position, newest.stream, newest.topic) == (3, ANN, RARE)
        with restored.examination().event_ids() as ids:
            assert [*ids] == [row[5] for row in EVENTS]

    def test_tables_are_made_copied_and_made_apart(self, tmp_path: Path) -> None:
        ledger = self.ledger_in(tmp_path)
        assert not ledger.has_tables()
        with closing(ledger.open_tables()) as tables, tables.write() as transaction:
            make_stays(transaction)
        assert ledger.has_tables()
        (tmp_path / "apart").mkdir()
        with ledger.copy_tables(tmp_path / "apart") as copied:
            with copied.read() as read:
                assert "stays" in read.table_names()
            assert [*copied.damage()] == []
            assert [*copied.differing_tables(make_stays)] == []
            assert "stays" in {*copied.differing_tables(lambda _made: None)}
        apart = ledger.make_tables(tmp_path / "apart", "status")
        with closing(apart), apart.read() as fresh:
            assert "stays" not in fresh.table_names()

    def test_tables_are_read_beside_the_process_that_writes_them(self, tmp_path: Path) -> None:
        """Another file may take the place of theirs, which is read from then on."""
        ledger = self.ledger_in(tmp_path)
        with closing(ledger.read_tables()) as beside:
            with pytest.raises(Unavailable), beside.read():
                raise AssertionError("there are no tables yet")
            for name in ("stays", "guests"):
                with closing(ledger.open_tables()) as tables:
                    with tables.write() as transaction:
                        transaction.create_table(name, ("who BLOB NOT NULL",), ("who",), ())
                    beside.look_again()
                    with beside.read() as read:
                        assert name in read.table_names()
            with pytest.raises(LedgerError), beside.read() as read:
                read.execute(f"DELETE FROM {read.name('stays')}")

    def test_events_are_read_beside_the_process_that_appends(self, tmp_path: Path) -> None:
        place = tmp_path / "data"
        with (
            closing(DataFolder.open(place, self.store_of, clock=Clock())) as folder,
            self.store_of(place).ledger("main").events_beside() as beside,
        ):
            ledger = folder.ledger("main")
            assert beside.max_notification_id() == ledger.head() == 1
            event = ContactRegistered.read({"kind": "person", "name": "Ann Example"})
            draft = Draft(contact_id=ANN, type=ContactRegistered.TYPE, event=event)
            ledger.append(Append(drafts=(draft,))).result(timeout=END_SECONDS)
            assert beside.max_notification_id() == 2
            assert beside.rows_after(0) == ledger.rows(0, 2)
            with pytest.raises(LedgerError), beside.errors():
                beside.try_commit()

    def test_a_ledger_is_served_from_it_and_verified(self, tmp_path: Path) -> None:
        clock, place = Clock(), tmp_path / "data"
        with closing(DataFolder.open(place, self.store_of, clock=clock)) as folder:
            ledger = folder.ledger("main")
            event = ContactRegistered.read({"kind": "person", "name": "Ann Example"})
            draft = Draft(contact_id=ANN, type=ContactRegistered.TYPE, event=event)
            ledger.append(Append(drafts=(draft,))).result(timeout=END_SECONDS)
            ledger.publish_policy(PRESETS["cafe"], None).result(timeout=END_SECONDS)
            ledger.transparency.sign_head()
            master_key = folder.master_key
        store = self.store_of(place).ledger("main")
        report = store.verify(Trust(master_key), lambda _name, _of: nullcontext(_shows_nothing))
        assert (report.faults, report.head, report.checkpoint_size) == ([], 3, 3)
        with store.read_events(None, 2) as events:
            assert [one.position for one in events.log()] == [1, 2]
            assert [one.position for one in events.stream(ANN)] == [2]


def _shows_nothing(_position: int, _told: str) -> None:
    """For progress that nobody looks at."""
