"""A store: the one object that is handed in, and opens everything that is kept.

``Store`` is what one server keeps, and ``LedgerStore`` what is kept of one of its ledgers. Both
only say where things are: they hold nothing open, and each part is opened by itself. The tables of
projections are not among the parts, since ``ledger`` does not know projections: see
``api.service.stores``.

Source: decision 43, a store is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from eventsourcing.persistence import InfrastructureFactory

    from ledger.master_keys import MasterKey
    from ledger.stores.access import AccessKeyStore, TrailHeads, TrailStore
    from ledger.stores.events import EventStore
    from ledger.stores.examination import Examination
    from ledger.stores.growth import Growth
    from ledger.stores.keys import KeyReader, LedgerKeyStore
    from ledger.stores.reading import LedgerReader
    from ledger.stores.restoring import RestoredEvents, RestoredLog
    from ledger.stores.scratch import Scratch
    from ledger.stores.transparency_log import (
        StoredCheckpoint,
        TransparencyLogStore,
        VerifierKey,
    )
    from ledger.stores.upgrading import PartLayout
    from ledger.stores.webhooks import WebhookStore
    from ledger.verification.faults import Report
    from ledger.verification.trust import Progress, Trust


@dataclass(frozen=True)
class PartNames:
    """How messages call the parts of a ledger that a person restores from a backup.

    ``place`` is where the parts are, and is put before a name where the ledger is not known.
    """

    place: str
    events: str
    keys: str
    log: str

    @property
    def placed_events(self) -> str:
        """The name of the events with its place."""
        return f"{self.place}/{self.events}"


class LedgerStore(Protocol):
    """Everything that is kept of one ledger.

    Every method raises ``Corrupt`` where a part is damaged or missing, and ``Unavailable`` where it
    cannot be used now.
    """

    names: PartNames

    def server(self) -> Store:
        """What the server keeps that has this ledger."""

    def exists(self) -> bool:
        """Whether there is such a ledger, however damaged."""

    def read_document(self, name: str) -> bytes:
        """A small file that belongs to the ledger, such as its settings, by its name."""

    def write_document(self, name: str, content: bytes) -> None:
        """Put a document there, or in the place of the one of that name: durable, whole or not."""

    def flush(self) -> None:
        """Make all of it durable, after it was filled and before it is finished."""

    def size_bytes(self) -> int:
        """How much room all of it takes."""

    def results_folder(self) -> Path:
        """Where this machine keeps what long work answers, until the ledger is removed."""

    def imports_folder(self) -> Path:
        """Where this machine keeps what became of imports, until the ledger is removed."""

    def valuations_folder(self) -> Path:
        """Where this machine keeps what was fitted to purchases, until the ledger is removed."""

    def scratch(self, path: Path) -> Scratch:
        """A place for events that are only tried, which takes the room of this path."""

    def is_made(self) -> bool:
        """Whether there are events; a ledger that is being made has none yet."""

    def has_keys(self) -> bool:
        """Whether there is a store of keys."""

    def check_keys(self) -> None:
        """Look at the store of keys, as ``check`` does; there must be one."""

    def remove_keys(self) -> None:
        """Destroy the keys of a ledger that is going, where they do not go with its folder."""

    def read_keys(self, *, at_rest: bool = False) -> KeyReader:
        """The keys alone to read, as ``read`` gives them."""

    def require_parts(self, *, log: bool) -> None:
        """Let pass where events and keys are there, and the transparency log where it must be."""

    def check(self) -> None:
        """Look at every part that is there: whole as far as is quickly known, and writable."""

    def is_writable(self) -> bool:
        """Whether this process may write to every part."""

    def state(self) -> object:
        """A value that is another one once a part was written or exchanged."""

    def require_room(self) -> None:
        """Let pass where one more append finds room.

        Raises:
            Unavailable: it does not.
        """

    def event_errors(self) -> AbstractContextManager[None]:
        """Raise what goes wrong inside, as events are opened, as a ``LedgerError``."""

    def events_beside(self) -> AbstractContextManager[EventStore]:
        """The events, only to be read, beside the process that has them open and appends."""

    def event_factory(self) -> InfrastructureFactory[Any]:
        """An ``InfrastructureFactory`` of the event-sourcing library, for its application.

        Its application recorder is an ``EventStore`` besides, and answers ``select_events``, from
        which the library folds a single contact. Closing the factory closes the recorder.
        """

    def open_keys(
        self,
        master_key: MasterKey | bytes,
        *,
        make: bool = True,
        most_kept: Callable[[], int] = ...,
    ) -> LedgerKeyStore:
        """The keys, made where they are to be; an empty store reads as if all had been erased.

        ``most_kept`` is how many of the contacts' keys stay in memory at most.
        """

    def log_origin(self) -> str | None:
        """The origin of the transparency log; None where it was not begun, or not to its end."""

    def begin_log(self, origin: str, key: tuple[bytes, int], first: StoredCheckpoint) -> None:
        """Begin the log, in one transaction, with its first key and the empty tree's checkpoint.

        The key is the public one, and the instant at which it was made.
        """

    def open_log(self, origin: str) -> TransparencyLogStore:
        """The log that was begun under this origin; ``Corrupt`` where it has another one."""

    def forget_log(self) -> None:
        """Have no log from now on, and compare with no checkpoint that is kept elsewhere.

        Where it was done already, nothing changes.
        """

    def has_trail(self) -> bool:
        """Whether there is an audit trail of the ledger."""

    def open_trail(self) -> TrailStore:
        """The audit trail of the ledger, made where there is none."""

    def has_webhooks(self) -> bool:
        """Whether there is a store of webhooks; one without any webhook may be there too."""

    def open_webhooks(self) -> WebhookStore:
        """The webhooks of the ledger, in a store that is made where there is none."""

    def wanted_kinds(self) -> frozenset[str]:
        """The kinds that webhooks receive, read beside the process that has them open.

        It is asked before each step of a projection, so it is cheap where there are none.
        """

    def read(self, *, at_rest: bool = False) -> LedgerReader:
        """All of it to read, beside a process that writes; ``at_rest`` makes no file meanwhile."""

    def restore_events(self) -> AbstractContextManager[RestoredEvents]:
        """Fill a new ledger with events from elsewhere; durable once ``Store`` has it flushed."""

    def restore_log(
        self, origin: str, keys: Sequence[VerifierKey]
    ) -> AbstractContextManager[RestoredLog]:
        """Fill a new ledger with the log of that origin, which has these keys; as for events."""

    def rewrap_keys(self, old: MasterKey, new: MasterKey) -> int:
        """Put all keys under the new master key, in one transaction; how many that were.

        0 where all are already. ``Corrupt`` where neither opens them: they are as they were then.
        """

    def copy_into(self, other: LedgerStore, document: str) -> None:
        """Copy events, keys, log and a document into an empty one of ``Store.beside``.

        Nobody writes them meanwhile.
        """

    def copy_keys(self, other: LedgerStore) -> None:
        """The same with the keys alone."""

    def hide_keys(self) -> None:
        """Have the keys of a copy be gone from now on, but for the store of them that is open."""

    def verify(self, trust: Trust, progress: Progress) -> Report:
        """Check every part and every byte, without writing; what is damaged is in the report.

        Raises:
            Unavailable: it cannot be read, or is written to again and again.
        """

    def examination(self) -> Examination:
        """Short looks at single parts, for those who look for what is broken."""


class Store(Protocol):
    """Everything that one server keeps, in a data folder or elsewhere.

    Its methods raise as those of ``LedgerStore``.
    """

    own_files: frozenset[str]
    """The names of what the store itself puts into the data folder."""

    access_name: str
    """How messages call the store of access keys."""

    @property
    def library(self) -> tuple[str, str]:
        """The name of what keeps it, a library or a server of databases, and its version."""

    def ledger(self, name: str) -> LedgerStore:
        """What is kept of the ledger of that name, whether or not there is one."""

    def oldest_snapshot(self) -> tuple[float, int] | None:
        """For how many seconds, and transactions, the oldest snapshot in a database has been held.

        It keeps the database from clearing away old rows. None where nothing is in a database.
        """

    def layouts(self) -> list[PartLayout]:
        """Which layout each part has, of the server and of all ledgers, whatever that is."""

    def upgrade(self) -> None:
        """Bring all that is older to this program's layout, while nobody serves it.

        ``Corrupt`` where anything is newer; then nothing is changed.
        """

    def beside(self, folder: Path) -> Store:
        """The store of copies that are only needed here and now, in that folder."""

    def prepare(self) -> None:
        """Get ready to keep ledgers, and remove what a crash left of unfinished ones."""

    def prepare_keys(self) -> None:
        """Get ready to keep keys, which ``prepare`` does too.

        ``Unavailable`` where they would not be apart from the events.
        """

    def ledger_names(self) -> list[str]:
        """The names of all ledgers, sorted; of none that is unfinished."""

    def unfinished_ledger(self) -> AbstractContextManager[str]:
        """A ledger to fill, under a name that none can have; gone at the end unless finished."""

    def finish_ledger(self, unfinished: str, name: str) -> None:
        """Have it be the ledger of that name, of which there is none: at once, or not at all."""

    def remove_ledger(self, name: str) -> None:
        """Take a ledger away with everything in it: at once, or it is there as before."""

    def ledgers_with_trail(self) -> list[str]:
        """The names of the ledgers that have an audit trail."""

    def has_access_keys(self) -> bool:
        """Whether there is a store of access keys; one without any key may be there too."""

    def open_access_keys(self) -> AccessKeyStore:
        """The access keys, in a store that is made where there is none."""

    def has_trail(self) -> bool:
        """Whether there is an audit trail of the server."""

    def open_trail(self) -> TrailStore:
        """The audit trail of the server, made where there is none."""

    def growth(self) -> Growth:
        """What hears of ledgers that another process appends to."""

    def trail_heads(self) -> TrailHeads:
        """What is known of the trails; nothing is made before something is noted."""


StoreOf = Callable[[Path], Store]
"""The store that belongs to a data folder. A folder has a master key and a lock in any case."""
