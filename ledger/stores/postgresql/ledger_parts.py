"""The parts of one ledger in its schema, and its keys in files: where each is, and how it opens."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.errors import Corrupt
from ledger.data_layout import LEDGERS, SETTINGS_FILE
from ledger.events_at_rest import EventsAtRest
from ledger.stores.postgresql.connections import Connection, Database, run
from ledger.stores.postgresql.copying import copy_ledger
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.events import PostgresqlEvents, PostgresqlFactory
from ledger.stores.postgresql.examination import PostgresqlExamination
from ledger.stores.postgresql.kept_checkpoint import KeptCheckpoint
from ledger.stores.postgresql.projection_tables import (
    SNAPSHOT,
    PostgresqlTableReader,
    PostgresqlTableStore,
    TablesApart,
    TablesAtRest,
    has_tables,
)
from ledger.stores.postgresql.reading import PostgresqlReader
from ledger.stores.postgresql.restoring import restoring_events, restoring_log
from ledger.stores.postgresql.schemas import LEDGER, layout_of, require_layout
from ledger.stores.postgresql.trail import PostgresqlTrail
from ledger.stores.postgresql.transparency_log import PostgresqlLogStore, begin, forget, log_origin
from ledger.stores.postgresql.webhooks import PostgresqlWebhooks, wanted_kinds
from ledger.stores.store import LedgerStore, PartNames
from ledger.temp_folders import throwaway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ledger.master_keys import MasterKey
    from ledger.stores.keys import KeyReader, LedgerKeyStore
    from ledger.stores.postgresql.places import Place
    from ledger.stores.postgresql.restoring import PostgresqlRestoredEvents, PostgresqlRestoredLog
    from ledger.stores.scratch import Scratch
    from ledger.stores.store import StoreOf
    from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
    from ledger.verification.faults import Report
    from ledger.verification.trust import Progress, Trust

EVENTS, LOG, TRAIL, PROJECTIONS, WEBHOOKS = "events", "log", "trail", "projections", "webhooks"

_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_catalog.pg_class AS c"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = %s AND c.relkind = 'r'"
)
_WRITABLE = (
    "SELECT NOT pg_is_in_recovery() AND has_table_privilege('{events}', 'INSERT')"
    " AND has_table_privilege('{writer}', 'UPDATE')"
)
_STATE = (
    "SELECT (SELECT head FROM {writer}), (SELECT max(size) FROM {checkpoints}),"
    " (SELECT string_agg(md5(content), ' ' ORDER BY name) FROM {documents})"
)
_PUT_DOCUMENT = (
    "INSERT INTO {documents} VALUES (%s, %s)"
    " ON CONFLICT (name) DO UPDATE SET content = excluded.content"
)


class LedgerParts(LedgerStore):
    """See ``ledger.stores.store.LedgerStore``."""

    def __init__(self, place: Place, folder: Path, files_of: StoreOf) -> None:
        """``place`` is that of the ledger, in ``folder`` are its keys, which ``files_of`` keeps."""
        self.place = place
        self.folder = folder
        self.files_of = files_of
        self.names = PartNames(place.name, EVENTS, "keys", LOG)
        self.tables_name = PROJECTIONS

    @cached_property
    def _identity(self) -> str:
        """The id of this ledger, by which its files are named."""
        ((identity,),) = self._query("SELECT id FROM {identity}")
        assert isinstance(identity, UUID)
        return str(identity)

    @cached_property
    def _files(self) -> LedgerStore:
        """What of this ledger is in files."""
        return self.files_of(self.folder).ledger(self._identity)

    @property
    def _kept_checkpoint(self) -> KeptCheckpoint:
        """The newest checkpoint that the data folder knows."""
        return KeptCheckpoint(self.folder / LEDGERS / self._identity, self.place.name)

    def exists(self) -> bool:
        with self._connection() as connection:
            return layout_of(connection, self.place.schema) is not None

    def read_document(self, name: str) -> bytes:
        rows = self._query("SELECT content FROM {documents} WHERE name = %s", name)
        if not rows:
            raise Corrupt(f"{self.place.name}/{name} is missing: restore it from a backup")
        content: bytes = rows[0][0]
        return content

    def write_document(self, name: str, content: bytes) -> None:
        with self._connection() as connection:
            run(connection, self._with_tables(_PUT_DOCUMENT), (name, content))

    def flush(self) -> None:
        self._files.flush()

    def size_bytes(self) -> int:
        ((size,),) = self._query(_SIZE, self.place.schema)
        return int(size) + self._files.size_bytes()

    def results_folder(self) -> Path:
        return self._files.results_folder()

    def imports_folder(self) -> Path:
        return self._files.imports_folder()

    def valuations_folder(self) -> Path:
        return self._files.valuations_folder()

    def scratch(self, path: Path) -> Scratch:
        return self._files.scratch(path)

    def is_made(self) -> bool:
        ((epoch,),) = self._query("SELECT epoch FROM {writer}")
        return bool(epoch)

    def has_keys(self) -> bool:
        return self._files.has_keys()

    def check_keys(self) -> None:
        self._files.check_keys()

    def remove_keys(self) -> None:
        self._files.remove_keys()

    def read_keys(self, *, at_rest: bool = False) -> KeyReader:
        return self._files.read_keys(at_rest=at_rest)

    def require_parts(self, *, log: bool) -> None:
        if not self.is_made():
            raise Corrupt(f"{self.place.name}/{EVENTS} is missing: restore it from a backup")
        if not self.has_keys():
            self._files.check_keys()  # which says where they are missing
        if log and self.log_origin() is None:
            raise Corrupt(f"{self.place.name}/{LOG} is missing: restore it from a backup")

    def check(self) -> None:
        self._required_place()
        ((head, newest),) = self._query(
            "SELECT (SELECT head FROM {writer}), coalesce(max(position), 0) FROM {events}"
        )
        if head != newest:
            raise Corrupt(
                f"{self.place.name}/{EVENTS}: the writer stands at {head}, and the newest event at "
                f"{newest}: restore it from a backup"
            )
        self._compare_checkpoint()
        self.check_keys()

    def _compare_checkpoint(self) -> None:
        """Let pass where what the data folder knows was signed is what the database has.

        Raises:
            Corrupt: it has something else, or is behind it.
        """
        kept = self._kept_checkpoint.read()
        if kept is None:
            return
        rows = self._query("SELECT root FROM {checkpoints} WHERE size = %s", kept.size)
        if rows == [(kept.root,)]:
            return
        trouble = "other events than were signed for" if rows else "fewer events"
        raise Corrupt(
            f"{self.place.name}: the data folder knows a checkpoint of {kept.size} events, and the "
            f"database has {trouble}: it was restored to an earlier point, or is a standby that "
            "was promoted too early. Put the newer database back, or continue from what there is, "
            f"under a new origin: rapport restore --fork --ledger {self.place.name}"
        )

    def is_writable(self) -> bool:
        ((writable,),) = self._query(_WRITABLE)
        return bool(writable) and self._files.is_writable()

    def state(self) -> object:
        return (*self._query(_STATE), self._files.state())

    def require_room(self) -> None:
        self._files.require_room()

    def event_errors(self) -> AbstractContextManager[None]:
        return ledger_errors(self.names.placed_events)

    def event_factory(self) -> PostgresqlFactory:
        return PostgresqlFactory(self._required_place(EVENTS))

    @contextmanager
    def events_beside(self) -> Iterator[PostgresqlEvents]:
        with closing(PostgresqlEvents(self._required_place(EVENTS), None)) as events:
            yield events

    def open_keys(
        self,
        master_key: MasterKey | bytes,
        *,
        make: bool = True,
        most_kept: Callable[[], int] | None = None,
    ) -> LedgerKeyStore:
        kept = {} if most_kept is None else {"most_kept": most_kept}
        return self._files.open_keys(master_key, make=make, **kept)

    def log_origin(self) -> str | None:
        return log_origin(self._required_place(LOG))

    def begin_log(self, origin: str, key: tuple[bytes, int], first: StoredCheckpoint) -> None:
        begin(self._required_place(LOG), origin, key, first)

    def open_log(self, origin: str) -> PostgresqlLogStore:
        return PostgresqlLogStore(self._required_place(LOG), origin, self._kept_checkpoint.keep)

    def forget_log(self) -> None:
        forget(self._required_place(LOG))
        self._kept_checkpoint.set_aside()

    def has_trail(self) -> bool:
        with self._connection() as connection:
            return has_part(connection, self.place, TRAIL)

    def open_trail(self) -> PostgresqlTrail:
        place = self._required_place(TRAIL)
        with self._connection() as connection:
            make_part(connection, place, TRAIL)
        return PostgresqlTrail(place)

    def has_webhooks(self) -> bool:
        with self._connection() as connection:
            return has_part(connection, self.place, WEBHOOKS)

    def open_webhooks(self) -> PostgresqlWebhooks:
        place = self._required_place(WEBHOOKS)
        with self._connection() as connection:
            make_part(connection, place, WEBHOOKS)
        return PostgresqlWebhooks(place)

    def wanted_kinds(self) -> frozenset[str]:
        return wanted_kinds(self.place)

    def read(self, *, at_rest: bool = False) -> PostgresqlReader:
        self.require_parts(log=True)
        return PostgresqlReader(self._required_place(), self.read_keys(at_rest=at_rest))

    def restore_events(self) -> AbstractContextManager[PostgresqlRestoredEvents]:
        return restoring_events(self._required_place(EVENTS))

    def restore_log(
        self, origin: str, keys: Sequence[VerifierKey]
    ) -> AbstractContextManager[PostgresqlRestoredLog]:
        return restoring_log(self._required_place(LOG), origin, keys)

    def rewrap_keys(self, old: MasterKey, new: MasterKey) -> int:
        return self._files.rewrap_keys(old, new)

    def copy_into(self, other: LedgerStore, document: str) -> None:
        other.write_document(document, self.read_document(document))
        copy_ledger(self._required_place(), other)
        self._files.copy_keys(other)

    def copy_keys(self, other: LedgerStore) -> None:
        self._files.copy_keys(other)

    def hide_keys(self) -> None:
        self._files.hide_keys()

    def verify(self, trust: Trust, progress: Progress) -> Report:
        """What is read is checked as files are: from a copy on this machine, as of one instant."""
        with throwaway() as made:
            copies = self.files_of(self.folder).beside(made)
            copies.prepare()
            with copies.unfinished_ledger() as unfinished:
                self.copy_into(copies.ledger(unfinished), SETTINGS_FILE)
                copies.finish_ledger(unfinished, self.place.name)
            report = copies.ledger(self.place.name).verify(trust, progress)
        for check in self.examination().part_checks():
            if not check.is_sound:
                report.add(check.part, None, check.said)
        return report

    def examination(self) -> PostgresqlExamination:
        return PostgresqlExamination(self._required_place(), self._files.examination())

    def has_tables(self) -> bool:
        """Whether there are tables of projections."""
        with self._connection() as connection:
            return has_tables(connection, self.place)

    def open_tables(self) -> PostgresqlTableStore:
        """The tables of the projections; those of another layout are made again."""
        return PostgresqlTableStore(self._required_place(PROJECTIONS))

    def read_tables(self) -> PostgresqlTableReader:
        """The tables of the projections, beside the process that writes them."""
        return PostgresqlTableReader(self._required_place(PROJECTIONS))

    @contextmanager
    def copy_tables(self, into: Path) -> Iterator[TablesAtRest]:
        """The tables as of one instant; there is no copy of them in a file."""
        place = self._required_place(PROJECTIONS)
        with Database(place.url) as database, database.transaction(SNAPSHOT) as connection:
            yield TablesAtRest(connection, place)

    def make_tables(self, into: Path, name: str) -> TablesApart:
        """Empty tables that nobody else knows."""
        return TablesApart(self.place.url, name)

    @contextmanager
    def read_events(self, time_zone: str | None, head: int | None = None) -> Iterator[EventsAtRest]:
        """The events up to a head, or to the newest, read beside the server that has them open."""
        with self.events_beside() as events:
            with events.errors():
                upto = (events.max_notification_id() or 0) if head is None else head
            yield EventsAtRest(events, upto, time_zone)

    def _required_place(self, part: str = "") -> Place:
        """The place of a part, where the schema has this program's layout.

        Raises:
            Corrupt: it has another one, or there is none.
        """
        with self._connection() as connection:
            if not require_layout(connection, self.place.schema, LEDGER):
                raise Corrupt(f"the ledger {self.place.name} is missing in the database")
        return self.place.of_part(part) if part else self.place

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with ExitStack() as opened:
            opened.enter_context(ledger_errors(self.place.name))
            yield opened.enter_context(opened.enter_context(Database(self.place.url)).lend())

    def _query(self, statement: str, *values: object) -> list[Any]:
        with ledger_errors(self.place.name), Database(self.place.url) as database:
            return database.rows(self._with_tables(statement), *values)

    def _with_tables(self, statement: str) -> str:
        for table in ("identity", "documents", "writer", "events", "checkpoints"):
            statement = statement.replace(f"{{{table}}}", self.place.table(table))
        return statement


def has_part(connection: Connection, place: Place, part: str) -> bool:
    """Whether that part was opened before."""
    select = f"SELECT 1 FROM {place.table('parts')} WHERE name = %s"
    return run(connection, select, (part,)).fetchone() is not None


def make_part(connection: Connection, place: Place, part: str) -> None:
    """Note that the part is there."""
    insert = f"INSERT INTO {place.table('parts')} VALUES (%s) ON CONFLICT DO NOTHING"
    run(connection, insert, (part,))
