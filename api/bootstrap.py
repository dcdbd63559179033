"""The composition root: the only reader of the environment, and the whole wiring on one screen."""

from __future__ import annotations

import os
import time
import tomllib
import zoneinfo
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from api.service.followers.polling import PolledFollowing
from api.service.followers.process import OpenFollower
from api.service.limits import LIMITS
from api.service.server import Server
from api.service.server_beside import ServerBeside
from api.service.setting_forms import FORMS
from api.service.settings import (
    CONFIG,
    PREFIX,
    Settings,
    SettingsRefused,
    is_of_kubernetes,
    named_like,
    refuse_library_variables,
    refuse_unknown_variables,
)
from api.service.text_files import read_given_text
from domain.errors import Invalid
from ledger.data_layout import DATABASE_FILE, FolderUnusable, require_ledger, settings_of
from ledger.folder import DataFolder
from ledger.folder_beside import DataFolderBeside
from ledger.followed_ledger import FollowedLedger
from ledger.master_keys import master_key_of
from ledger.memory_budget import BELIEFS, HISTORIES, MEBIBYTE, MemoryBudget
from ledger.moving.state import refuse_half_moved
from ledger.stores.sqlite.moving import FilesEnd
from ledger.stores.sqlite.sorting import SqliteSorting
from ledger.stores.sqlite.store import SqliteLedgerStore, SqliteStore
from ledger.subscriptions.pacing import PROJECTIONS, PROJECTIONS_BESIDE
from ledger.subscriptions.subscription import Subscription
from ledger.temp_folders import sweep
from projections.elsewhere import ProjectionsElsewhere
from projections.limits import Limits
from projections.projections import ALL, Projections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from api.service.followers.elsewhere import FollowersElsewhere
    from api.service.limits import ServiceLimits
    from api.service.stores import ServedLedgerStore, ServedStore, ServedStoreOf
    from ledger.ledger import Ledger
    from ledger.stores.keys import KeyPlaces
    from ledger.stores.moving import MoveEnd
    from ledger.stores.sorting import Sorting
    from projections.range_filling import FillElsewhere, ReadEvents
    from projections.source import EventSource


def now() -> int:
    """The present instant, in microseconds of UTC."""
    return time.time_ns() // 1000


def store_of(settings: Settings) -> ServedStoreOf:
    """Which store a data folder has. Everything else knows stores by their protocols alone."""
    files_of = partial(SqliteStore, places=_key_places(settings))
    if settings.database_url is None:
        return partial(_in_files, files_of)
    return partial(_in_database, settings.database_url, files_of)


def _key_places(settings: Settings) -> KeyPlaces | None:
    """Where keys are if not in the data folder: in a database that has nothing else."""
    if settings.keys_url is None:
        return None
    with _psycopg_wanted():
        from ledger.stores.postgresql.key_places import KeyDatabase  # noqa: PLC0415  # as below
    return KeyDatabase(settings.keys_url, settings.database_url)


def _in_files(files_of: Callable[[Path], ServedStore], folder: Path) -> ServedStore:
    refuse_half_moved(folder)
    if (folder / DATABASE_FILE).exists():
        raise FolderUnusable(
            f"the ledgers of the data folder {folder} are in a database: say which by "
            f"{PREFIX}DATABASE_URL"
        )
    return files_of(folder)


def _in_database(url: str, files_of: Callable[[Path], ServedStore], folder: Path) -> ServedStore:
    refuse_half_moved(folder)
    with _psycopg_wanted():
        # What it imports need not be installed where ledgers are in files.
        from ledger.stores.postgresql.store import PostgresqlStore  # noqa: PLC0415  # see above
    return PostgresqlStore(url, folder, files_of)


@contextmanager
def _psycopg_wanted() -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise SettingsRefused(
            "a database needs psycopg: pip install 'rapport-ledger[postgresql]'"
        ) from None


def move_ends(settings: Settings, to_database: str | None) -> tuple[MoveEnd, MoveEnd]:
    """Where a move of all ledgers begins and where it leads: to that database, or back to files.

    Raises:
        SettingsRefused: it is to lead to files, and no setting says from which database.
    """
    url = to_database or settings.database_url
    if url is None:
        raise SettingsRefused(f"a move to files needs {PREFIX}DATABASE_URL: where the ledgers are")
    with _psycopg_wanted():
        from ledger.stores.postgresql.moving import DatabaseEnd  # noqa: PLC0415  # as above
    places = _key_places(replace(settings, database_url=url))
    files = FilesEnd(settings.folder, places)
    database = DatabaseEnd(url, settings.folder, partial(SqliteStore, places=places))
    return (database, files) if to_database is None else (files, database)


def STORE_OF(folder: Path) -> ServedStore:  # noqa: N802  # chosen once for each process
    """The store of that data folder, as the environment says."""
    return store_of(read_settings())(folder)


SORTING: Sorting = SqliteSorting()
"""What puts events in order where they are read only once."""


def ledger_store_at(folder: Path) -> ServedLedgerStore:
    """What is kept of one ledger, in a folder that need not be in a data folder."""
    return SqliteLedgerStore(folder)


def ledger_store_in(folder: Path, name: str) -> ServedLedgerStore:
    """What is kept of the ledger of that name in a data folder.

    Raises:
        LedgerNotFound: there is none.
    """
    store = STORE_OF(folder)
    require_ledger(store, name)
    return store.ledger(name)


def projections_of(ledger: Ledger, clock: Callable[[], int]) -> Projections:
    """A ledger's projections, joined with the store of their tables and the way along its log.

    Raises:
        Unavailable: the store cannot be used now.
        Corrupt: it is damaged.
    """
    subscribe = partial(
        Subscription, "projections", ledger.head, pacing=PROJECTIONS, on_commit=ledger.on_commit
    )
    # Every store that is handed in here has the tables too; a ledger does not know of them.
    store = cast("ServedLedgerStore", ledger.store)
    limits, read_events = limits_within(ledger.memory), partial(store.read_events, ledger.time_zone)
    return Projections(
        ledger,
        store.open_tables(),
        clock,
        subscribe,
        limits=limits,
        read_events=read_events,
        wanted=store.wanted_kinds,
    )


def memory_of(settings: Settings) -> MemoryBudget:
    """What the caches of a process may take together."""
    return MemoryBudget(settings.memory_mb * MEBIBYTE)


def limits_within(memory: MemoryBudget) -> Limits:
    """The limits of the builds of a ledger whose histories draw on that budget."""
    return Limits(kept_facts=memory.share(HISTORIES), kept_belief_facts=memory.share(BELIEFS))


@contextmanager
def events_beside(store: ServedLedgerStore, head: int) -> Iterator[EventSource]:
    """The events of a ledger, up to a head, read beside the server that has them open.

    Raises:
        Corrupt: they cannot be read.
        Unavailable: they cannot be read now.
    """
    with store.read_events(settings_of(store).time_zone, head) as events:
        yield events


def on_dask(
    ledger: Ledger, address: str, workers: int, *, segments: str | None, replica: str | None
) -> FillElsewhere:
    """What fills projections on a Dask cluster: see ``projections.dask_filling.OnDask``.

    Its workers read from ``segments``, which are written to that folder, or from a ``replica``
    of the database, or else as other processes of this machine do.

    Raises:
        SettingsRefused: the workers could not read the events, or the extra is not installed.
    """
    in_files = isinstance(ledger.store, SqliteLedgerStore)
    if in_files and replica is not None:
        raise SettingsRefused("ledgers in files have no replica: give --segments")
    if in_files and segments is None and address != "local":
        raise SettingsRefused(
            "workers on other machines cannot read the files of a ledger: give --segments with a "
            "folder that all of them can read"
        )
    try:
        from ledger.segments.providing import SegmentProvider  # noqa: PLC0415  # of the extra dask
        from projections.dask_filling import OnDask, ready  # noqa: PLC0415  # as above
    except ImportError:
        raise SettingsRefused(
            "a Dask cluster needs its library: pip install 'rapport-ledger[dask]'"
        ) from None
    store = cast("ServedLedgerStore", ledger.store)
    limits = limits_within(ledger.memory)
    if segments is not None:
        sealed = SegmentProvider(store, segments, ledger.time_zone)
        return OnDask(address, sealed, limits, workers)
    read_events: ReadEvents = partial(store.read_events, ledger.time_zone)
    if replica is not None:
        from ledger.stores.postgresql.replicas import replica_events  # noqa: PLC0415  # as above

        read_events = partial(replica_events, replica, store.names.place, ledger.time_zone)
    return OnDask(address, ready(read_events), limits, workers)


def projections_elsewhere(
    followers: FollowersElsewhere, ledger: Ledger, clock: Callable[[], int]
) -> ProjectionsElsewhere:
    """A ledger's projections where another process keeps them current."""
    store = cast("ServedLedgerStore", ledger.store)
    following = followers.follow(ledger)
    return ProjectionsElsewhere(ledger, store.read_tables(), clock, following, ALL)


def projections_beside(ledger: Ledger, clock: Callable[[], int]) -> ProjectionsElsewhere:
    """A ledger's projections where neither this process keeps them current nor its own follower."""
    store = cast("ServedLedgerStore", ledger.store)
    following = PolledFollowing()
    projections = ProjectionsElsewhere(ledger, store.read_tables(), clock, following, ALL)
    following.look_at(projections.position_of)
    return projections


def build_beside(
    settings: Settings, *, clock: Callable[[], int] = now, limits: ServiceLimits = LIMITS
) -> ServerBeside:
    """Everything in a data folder to read, while another process holds it and records.

    Raises:
        LedgerError: the folder cannot be read; the message says why.
    """
    zoneinfo.reset_tzpath(())
    folder = DataFolderBeside(
        settings.folder,
        store_of(settings),
        clock=clock,
        memory=memory_of(settings),
        master_key=settings.master_key,
    )
    server = ServerBeside(folder, clock, settings, projections_beside, limits)
    try:
        server.open()
    except BaseException:
        server.close()
        raise
    return server


def open_followed(
    settings: Settings, memory: MemoryBudget, name: str, *, clock: Callable[[], int] = now
) -> OpenFollower:
    """A ledger to follow in this process, while another one appends to it.

    Raises:
        LedgerError: it cannot be opened now.
    """
    zoneinfo.reset_tzpath(())
    store = store_of(settings)(settings.folder)
    kept = require_ledger(store, name)
    key = settings.master_key or master_key_of(settings.folder, has_ledgers=True)
    ledger = FollowedLedger(kept, master_key=key, clock=clock, memory=memory)
    try:
        subscribe = partial(
            Subscription,
            "projections",
            ledger.head,
            pacing=PROJECTIONS_BESIDE,
            on_commit=ledger.on_commit,
        )
        tables = cast("ServedLedgerStore", kept).open_tables()
        limits = limits_within(memory)
        projections = Projections(
            ledger, tables, clock, subscribe, limits=limits, wanted=kept.wanted_kinds
        )
        return OpenFollower(ledger, projections)
    except BaseException:
        ledger.close()
        raise


def build(
    settings: Settings,
    *,
    clock: Callable[[], int] = now,
    limits: ServiceLimits = LIMITS,
    followers: FollowersElsewhere | None = None,
) -> Server:
    """Open the data folder, made on first use, and everything in it.

    Ledgers are followed in this process, unless ``followers`` speak to another one.

    Raises:
        LedgerError: the folder cannot be used; the message says why and what to do.
    """
    # Days are counted by the pinned tzdata package on every machine, not by what the system has.
    zoneinfo.reset_tzpath(())
    sweep()
    folder = DataFolder.open(
        settings.folder,
        store_of(settings),
        clock=clock,
        master_key=settings.master_key,
        log_domain=settings.log_domain,
        signing=followers is None,
        signed_elsewhere=followers is not None,
        memory=memory_of(settings),
    )
    projected = projections_of if followers is None else partial(projections_elsewhere, followers)
    try:
        server = Server(folder, clock, settings, projected, limits, followers)
    except BaseException:
        folder.close()
        raise
    try:
        server.open()
    except BaseException:
        server.close()
        raise
    return server


def read_settings(environ: Mapping[str, str] | None = None, **chosen: object) -> Settings:
    """Settings from ``chosen``, else the environment, else the TOML file ``RAPPORT_CONFIG`` names.

    Values of None in ``chosen`` are not chosen. Every setting is ``RAPPORT_<NAME>`` in the
    environment, such as ``RAPPORT_PORT``, and its own name in the file.

    Raises:
        SettingsRefused: naming the setting and what is wrong with it.
    """
    given = os.environ if environ is None else environ
    refuse_unknown_variables(given)
    refuse_library_variables(given)
    names = [field.name for field in fields(Settings)]
    values: dict[str, Any] = {}
    if path := given.get(CONFIG):
        values.update(_read_file(Path(path), names))
    for name in names:
        variable = PREFIX + name.upper()
        value = given.get(variable)
        if value and not is_of_kubernetes(variable, value):
            values[name] = value
    values.update({name: value for name, value in chosen.items() if value is not None})
    for name, (read, form) in FORMS.items():
        if name in values:
            try:
                values[name] = read(values[name])
            except (LookupError, TypeError, ValueError):
                raise SettingsRefused(f"{name} must be {form}") from None
    return Settings(**values)


def _read_file(path: Path, names: list[str]) -> dict[str, Any]:
    try:
        values = tomllib.loads(read_given_text(path))
    except (OSError, ValueError, RecursionError, Invalid) as error:
        raise SettingsRefused(f"{path} cannot be read as settings: {error}") from None
    if unknown := sorted(set(values) - set(names)):
        said = (named_like(name, names) for name in unknown)
        raise SettingsRefused(f"{path}: no such setting: {', '.join(said)}")
    return values
