"""Drift without a server: a projection's file held against what its events give, made elsewhere.

The file is only read. The rows are made anew in a file of their own, at the position and instant at
which the live ones stand, so that both must be the same to the byte.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from domain.errors import LedgerError
from projections import generations
from projections.builds import begins_at, filled
from projections.digest import digest, drift
from projections.generations import BUILDING, FAILED, LIVE, Generation, Tables
from projections.operations import Progress, Work
from projections.rebuild import tip_at
from projections.store import APPLICATION_ID, SCHEMA, SCHEMA_VERSION, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from projections.builds import ReadModel
    from projections.source import EventSource


@dataclass(frozen=True)
class Compared:
    """A live projection and what its events give; ``problem`` says why they could not be compared.

    ``differences`` are as ``projections.digest.drift`` gives them.
    """

    projection: str
    position: int
    digest: str | None
    live_digest: str | None
    differences: list[dict[str, object]]
    problem: str | None = None

    @property
    def same(self) -> bool:
        """Nothing is wrong with it."""
        return self.problem is None and self.digest == self.live_digest


def compare(
    live: sqlite3.Connection,
    projection: ReadModel,
    source: EventSource,
    folder: Path,
    advance: Callable[[Progress], None],
) -> Compared:
    """Make a projection anew in ``folder`` and compare the live rows, in ``live``, with it."""
    try:
        found = generations.current(live, projection.name)
        if found is None:
            return _failed(projection, 0, "the file holds nothing of it")
        if problem := _problem(found, projection, source):
            return _failed(projection, found.position, problem)
        return _compared(live, found, projection, source, folder, advance)
    except sqlite3.Error as error:
        return _failed(projection, 0, f"its rows cannot be read: {error}")
    except (TypeError, ValueError) as error:
        return _failed(projection, 0, f"a row is damaged ({type(error).__name__})")
    except LedgerError as error:
        return _failed(projection, 0, f"it cannot be made anew: {error}")


def layout_faults(live: sqlite3.Connection, projections: Sequence[ReadModel]) -> Iterator[str]:
    """What is wrong with the file of the projections as a file."""
    try:
        for pragma, wanted in (
            ("application_id", APPLICATION_ID),
            ("user_version", SCHEMA_VERSION),
        ):
            (value,) = live.execute(f"PRAGMA {pragma}").fetchone()
            if value != wanted:
                yield f"the header's {pragma} is {value}, not {wanted}"
        for (said,) in live.execute("PRAGMA integrity_check(5)"):
            if said != "ok":
                yield f"integrity_check: {said}"
        yield from _foreign(live, {projection.name: projection for projection in projections})
    except (sqlite3.Error, ValueError) as error:
        yield f"it cannot be read: {error}"


def _foreign(live: sqlite3.Connection, known: dict[str, ReadModel]) -> Iterator[str]:
    """Tables and indexes that are missing, too many or defined otherwise."""
    with closing(sqlite3.connect(":memory:")) as model:
        model.execute(SCHEMA)
        for generation in generations.generations(live):
            projection = known.get(generation.projection)
            if projection is None:
                yield f"there is no projection {generation.projection!r}"
            elif generation.version == projection.version:
                Tables(model, generation).create(projection.tables)
            else:
                return  # another version's tables are not known here
        query = "SELECT name, sql FROM sqlite_schema"
        wanted, found = (dict(one.execute(query).fetchall()) for one in (model, live))
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name, "") != found.get(name, ""):
            yield f"{name} is missing, does not belong here or is defined otherwise"


def _problem(found: Generation, projection: ReadModel, source: EventSource) -> str | None:
    """Why a live build cannot be what the events give, before any row is looked at."""
    if not all(type(one) is int for one in (found.version, found.position, found.as_of)):
        return "where it stands is damaged"
    if found.version != projection.version:
        return (
            f"it was made by version {found.version} of the projection, and this program makes "
            f"version {projection.version}: start the server, which builds it anew"
        )
    if found.state == FAILED:
        return f"it has stopped: {found.problem}"
    if found.state != LIVE or found.problem is not None:
        return f"its state is {found.state!r}"
    if found.position > source.head():
        ends = source.head()
        return f"it stands at position {found.position:,}, and the log ends at {ends:,}"
    if found.tip != tip_at(source, found.position):
        return "the event at its position is not the one it was made from"
    return None


def _compared(
    live: sqlite3.Connection,
    found: Generation,
    projection: ReadModel,
    source: EventSource,
    folder: Path,
    advance: Callable[[Progress], None],
) -> Compared:
    with closing(Store(folder / f"{projection.name}.sqlite")) as store:
        with store.write() as connection:
            position = begins_at(projection, found.position)
            fresh = replace(found, position=position, state=BUILDING, problem=None)
            made = generations.add(connection, fresh, projection.tables)
        build = filled(projection, made, store, source, Work(advance), found.position)
        with store.read() as connection:
            rebuilt, kept = Tables(connection, build.generation), Tables(live, found)
            own, theirs = digest(projection, rebuilt), digest(projection, kept)
            try:
                differences = [] if own == theirs else drift(projection, kept, rebuilt)
            except (TypeError, ValueError):
                differences = []  # a row holds what no row can hold, and the digests differ
    return Compared(projection.name, found.position, own, theirs, differences)


def _failed(projection: ReadModel, position: int, problem: str) -> Compared:
    return Compared(projection.name, position, None, None, [], problem)
