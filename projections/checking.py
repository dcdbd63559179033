"""Drift without a server: a projection's file compared with rows that its events give elsewhere.

The file is only read. The rows are built again in a separate store, at the position and instant
at which the live ones stand, so that both must be the same to the byte.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from domain.errors import LedgerError
from projections import generations
from projections.contact_walk import KnownLedger
from projections.digest import digest, drift
from projections.filling import fill
from projections.generations import BUILDING, FAILED, LIVE, Generation, Tables
from projections.limits import LIMITS
from projections.operations import Progress, Work
from projections.outbox_tables import has_outbox, make_outbox
from projections.rebuild import tip_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from projections.builds import ReadModel
    from projections.source import EventSource
    from projections.tables import TableStore, Transaction


@dataclass(frozen=True)
class ProjectionComparison:
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


class TablesAtRest(Protocol):
    """A copy of a store's tables as they were in one instant; none of them may be sound.

    Every method, and whatever is read inside ``read``, raises ``Corrupt``, with the reason alone,
    where the copy cannot be read.
    """

    def read(self) -> AbstractContextManager[Transaction]:
        """The tables."""

    def damage(self) -> Iterator[str]:
        """What is wrong with the file as a file."""

    def differing_tables(self, make: Callable[[Transaction], None]) -> Iterator[str]:
        """The tables and indexes that are not as ``make`` makes them beside the store's own."""


class _RowsUnreadable(Exception):
    """The copy cannot be read; the text says why."""


@contextmanager
def _rows(live: TablesAtRest) -> Iterator[Transaction]:
    try:
        with live.read() as transaction:
            yield transaction
    except LedgerError as error:
        raise _RowsUnreadable(str(error)) from error


def compare(
    live: TablesAtRest,
    projection: ReadModel,
    source: EventSource,
    make_store: Callable[[str], TableStore],
    advance: Callable[[Progress], None],
) -> ProjectionComparison:
    """Build a projection again and compare the live rows, in ``live``, with it.

    ``make_store`` makes an empty store of that name for it.
    """
    try:
        with _rows(live) as transaction:
            found = generations.current(transaction, projection.name)
        if found is None:
            return _failure(projection, 0, "the file holds nothing of it")
        if problem := _problem(found, projection, source):
            return _failure(projection, found.position, problem)
        return _compare(live, found, projection, source, make_store, advance)
    except _RowsUnreadable as error:
        return _failure(projection, 0, f"its rows cannot be read: {error}")
    except (TypeError, ValueError) as error:
        return _failure(projection, 0, f"a row is damaged ({type(error).__name__})")
    except LedgerError as error:
        return _failure(projection, 0, f"it cannot be rebuilt: {error}")


def layout_faults(live: TablesAtRest, projections: Sequence[ReadModel]) -> Iterator[str]:
    """What is wrong with the tables of the projections, whatever their rows hold."""
    known = {projection.name: projection for projection in projections}
    try:
        yield from live.damage()
        with live.read() as transaction:
            found = generations.generations(transaction)
        for generation in found:
            if generation.projection not in known:
                yield f"there is no projection {generation.projection!r}"
            elif generation.version != known[generation.projection].version:
                return  # another version's tables are not known here

        with live.read() as transaction:
            tells = has_outbox(transaction)

        def make(model: Transaction) -> None:
            if tells:
                make_outbox(model)
            for generation in found:
                if (projection := known.get(generation.projection)) is not None:
                    Tables(model, generation).create(projection.tables)

        for name in live.differing_tables(make):
            yield f"{name} is missing, does not belong here or is defined otherwise"
    except (LedgerError, ValueError) as error:
        yield f"it cannot be read: {error}"


def _problem(found: Generation, projection: ReadModel, source: EventSource) -> str | None:
    """Why a live build cannot be what the events give, before any row is looked at."""
    if not all(type(one) is int for one in (found.version, found.position, found.as_of)):
        return "its position is damaged"
    if found.version != projection.version:
        return (
            f"it was made by version {found.version} of the projection, and this program makes "
            f"version {projection.version}: start the server, which rebuilds it"
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


def _compare(
    live: TablesAtRest,
    found: Generation,
    projection: ReadModel,
    source: EventSource,
    make_store: Callable[[str], TableStore],
    advance: Callable[[Progress], None],
) -> ProjectionComparison:
    with closing(make_store(projection.name)) as store:
        with store.write() as transaction:
            fresh = replace(found, state=BUILDING, problem=None)
            made = generations.add(transaction, fresh, projection.tables, indexed=False)
        known, work = KnownLedger.at(source, found.position), Work(advance)
        filling = projection.filling(made, known, LIMITS)
        fill([filling], known, store, work)
        build = filling.finish(store, work)
        with store.read() as transaction:
            rebuilt = Tables(transaction, build.generation)
            own = digest(projection, rebuilt)
            with _rows(live) as rows:
                kept = Tables(rows, found)
                theirs = digest(projection, kept)
                try:
                    differences = [] if own == theirs else drift(projection, kept, rebuilt)
                except (TypeError, ValueError):
                    differences = []  # a row holds what no row can hold, and the digests differ
    return ProjectionComparison(projection.name, found.position, own, theirs, differences)


def _failure(projection: ReadModel, position: int, problem: str) -> ProjectionComparison:
    return ProjectionComparison(projection.name, position, None, None, [], problem)
