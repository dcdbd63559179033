"""One writer a ledger: whoever was followed by another records nothing any more."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError

from domain.errors import Unavailable
from ledger.stores.postgresql.connections import connect
from ledger.stores.postgresql.errors import OutcomeUnknown, WriterLost
from ledger.stores.postgresql.places import Place
from ledger.stores.postgresql.schemas import LEDGER, migrate
from ledger.stores.postgresql.writer import Columns, Writer
from tests.fixtures.postgresql import end_sessions
from tests.postgresql.cable import cable

if TYPE_CHECKING:
    from pathlib import Path

ANN = UUID(int=1)
MARK = b"the bytes of an event"


def event(version: int, state: bytes = MARK) -> Columns:
    """One event of Ann's."""
    return [ANN], [version], ["visit-made"], [state], [uuid4()]


@pytest.fixture
def place(url: str) -> Place:
    made = Place(url, "rapport_main", "main/events")
    with connect(url) as connection:
        migrate(connection, made.schema, LEDGER)
    return made


def impatient(place: Place) -> Writer:
    return Writer(place, wait_seconds=0)


def tell(place: Place, statement: str) -> list[tuple[object, ...]]:
    """What the database answers to somebody else."""
    named = statement.replace("{writer}", place.table("writer"))
    named = named.replace("{events}", place.table("events"))
    with psycopg.connect(place.url, autocommit=True) as connection:
        asked = connection.execute(named.encode())
        return asked.fetchall() if asked.description else []


def expire(place: Place) -> None:
    """Have the lease be over, as it is for one that was stopped."""
    tell(place, "UPDATE {writer} SET lease_until = '-infinity'")


def recorded(place: Place) -> list[tuple[object, ...]]:
    return tell(place, "SELECT position, originator_version FROM {events} ORDER BY position")


def test_a_second_writer_is_refused_and_told_of_the_first(place: Place) -> None:
    with (
        closing(impatient(place)),
        pytest.raises(Unavailable, match=r"main/events is recorded in by process \d+ on "),
    ):
        impatient(place)


def test_each_writer_has_an_epoch_and_goes_on_at_the_head(place: Place) -> None:
    with closing(impatient(place)) as first:
        assert (first.epoch, first.append(event(1), 1), first.head) == (1, 1, 1)
    with closing(impatient(place)) as second:
        assert (second.epoch, second.append(event(2), None)) == (2, 2)
    assert recorded(place) == [(1, 1), (2, 2)]


def test_who_died_is_followed_at_once(place: Place) -> None:
    """Its session is gone, and its lease is not."""
    with closing(impatient(place)) as dead:
        end_sessions(place.url)
        with closing(impatient(place)) as next_one:
            next_one.append(event(1), 1)
            with pytest.raises(WriterLost):
                dead.append(event(2), 2)


def test_who_was_stopped_past_its_lease_records_nothing_more(place: Place) -> None:
    with closing(impatient(place)) as old:
        old.append(event(1), 1)
        expire(place)
        with closing(impatient(place)) as new:
            for _ in range(2):
                with pytest.raises(WriterLost, match="nothing of this was recorded"):
                    old.append(event(2), 2)
            with pytest.raises(WriterLost):
                old.try_commit()
            assert new.append(event(2), 2) == 2
            assert recorded(place) == [(1, 1), (2, 2)]


def test_a_lost_writer_does_not_let_go_what_is_anothers(place: Place) -> None:
    old = impatient(place)
    expire(place)
    with closing(impatient(place)):
        old.close()
        with pytest.raises(Unavailable):
            impatient(place)


def test_what_is_taken_and_what_is_out_of_turn_keeps_the_head(place: Place) -> None:
    with closing(impatient(place)) as writer:
        writer.append(event(1), 1)
        for wrong in (partial(writer.append, event(1), 2), partial(writer.append, event(2), 3)):
            with pytest.raises(IntegrityError):
                wrong()
        assert writer.append(event(2), 2) == 2


def test_a_head_that_somebody_moved_is_no_reason_to_record(place: Place) -> None:
    with closing(impatient(place)) as writer:
        tell(place, "UPDATE {writer} SET head = 7")
        with pytest.raises(IntegrityError):
            writer.append(event(1), 1)
        assert recorded(place) == []


def test_a_server_that_came_back_is_written_to_again(place: Place) -> None:
    with closing(impatient(place)) as writer:
        writer.append(event(1), 1)
        end_sessions(place.url)
        assert writer.append(event(2), 2) == 2
        assert writer.epoch == 2


class TestACommitWhoseAnswerIsLost:
    """Its outcome is looked up under a new epoch, under which it cannot come about any more."""

    def test_one_that_came_about_is_answered_as_recorded(
        self, place: Place, tmp_path: Path
    ) -> None:
        with (
            cable(tmp_path, place.url) as laid,
            closing(impatient(place._replace(url=laid.url))) as writer,
        ):
            writer.append(event(1, b""), 1)
            laid.cut_after = MARK
            assert writer.append(event(2), 2) == 2
            assert (writer.epoch, writer.head) == (2, 2)
            assert writer.append(event(3), 3) == 3
        assert recorded(place) == [(1, 1), (2, 2), (3, 3)]

    def test_one_that_never_arrived_is_told_as_not_recorded(
        self, place: Place, tmp_path: Path
    ) -> None:
        with (
            cable(tmp_path, place.url) as laid,
            closing(impatient(place._replace(url=laid.url))) as writer,
        ):
            laid.cut_before = MARK
            with pytest.raises(Unavailable, match=r"nothing of this was recorded$"):
                writer.append(event(1), 1)
            assert recorded(place) == []
            assert writer.append(event(1), 1) == 1

    def test_one_that_nobody_can_look_up_is_told_as_unknown(
        self, place: Place, tmp_path: Path
    ) -> None:
        with (
            cable(tmp_path, place.url) as laid,
            closing(impatient(place._replace(url=laid.url))) as writer,
        ):
            writer.settle_seconds = 0
            laid.cut_after, laid.plugged = MARK, False
            for _ in range(2):
                with pytest.raises(OutcomeUnknown, match="not known"):
                    writer.append(event(1), 1)
            laid.plugged = True
            writer.settle()
            assert writer.head == 1
            assert writer.append(event(2), 2) == 2
        assert recorded(place) == [(1, 1), (2, 2)]

    def test_one_that_another_writer_followed_is_answered_all_the_same(
        self, place: Place, tmp_path: Path
    ) -> None:
        with (
            cable(tmp_path, place.url) as laid,
            closing(impatient(place._replace(url=laid.url))) as writer,
        ):
            writer.settle_seconds = 0
            laid.cut_after, laid.plugged = MARK, False
            with pytest.raises(OutcomeUnknown):
                writer.append(event(1), 1)
            with closing(impatient(place)) as other:
                assert other.append(event(2), 2) == 2
                laid.plugged = True
                with pytest.raises(WriterLost):
                    writer.settle()
        assert recorded(place) == [(1, 1), (2, 2)]

    def test_one_that_did_not_wait_for_its_standby_is_unknown(self, place: Place) -> None:
        """PostgreSQL calls it a success, with a warning."""
        warn = (
            "CREATE FUNCTION {events}_warn() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication'; RETURN NULL;"
            " END $$"
        )
        with closing(impatient(place)) as writer:
            tell(place, warn)
            tell(
                place,
                "CREATE TRIGGER warn AFTER INSERT ON {events} EXECUTE FUNCTION {events}_warn()",
            )
            with pytest.raises(OutcomeUnknown, match="did not wait for its standby"):
                writer.append(event(1), 1)
            tell(place, "DROP TRIGGER warn ON {events}")
            writer.settle()
            assert (writer.head, writer.append(event(2), 2)) == (1, 2)
