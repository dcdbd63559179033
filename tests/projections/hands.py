"""Projections driven by hand: no thread moves them, so that a test says what happens when."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from domain.errors import Unavailable
from ledger.stores.sqlite.projection_tables import SqliteTableStore
from ledger.subscriptions.pacing import PROJECTIONS
from ledger.subscriptions.subscription import Subscription
from projections.digest import digest
from projections.generations import Tables, remove
from projections.limits import LIMITS, Limits
from projections.operations import Work
from projections.projections import ALL, Projections
from projections.rebuild import Rebuild
from tests.projections.memory import Earlier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.subscriptions.pacing import Pacing
    from projections.answers import ProjectionDigest
    from projections.builds import ReadModel
    from projections.source import EventSource
    from projections.tables import TableStore, Transaction
    from tests.fixtures.clock import Clock


def opened(
    ledger: EventSource,
    clock: Clock,
    path: Path,
    *,
    pacing: Pacing = PROJECTIONS,
    limits: Limits = LIMITS,
    projections: tuple[ReadModel, ...] = ALL,
) -> Projections:
    """The projections of a ledger that tells nobody of what is appended: ``wake`` does."""
    return over(
        SqliteTableStore(path),
        ledger,
        clock,
        pacing=pacing,
        limits=limits,
        projections=projections,
    )


def over(
    store: TableStore,
    ledger: EventSource,
    clock: Clock,
    *,
    pacing: Pacing = PROJECTIONS,
    limits: Limits = LIMITS,
    projections: tuple[ReadModel, ...] = ALL,
    wanted: Callable[[], frozenset[str]] = frozenset,
) -> Projections:
    """The same in a store that is open already; ``wanted`` are the kinds to report."""
    subscribe = partial(
        Subscription, "projections", ledger.head, pacing=pacing, on_commit=_tell_nobody
    )
    return Projections(
        ledger, store, clock, subscribe, projections=projections, limits=limits, wanted=wanted
    )


def _tell_nobody(_callback: Callable[[int], None]) -> Callable[[], object]:
    return lambda: None


READ_MODELS = {one.name: one for one in ALL}


class Hands:
    """The projections of a ledger, never started: each step is taken by the test."""

    names = ("status", "standing", "agenda", "restatements")

    def __init__(
        self,
        ledger: EventSource,
        clock: Clock,
        path: Path,
        limits: Limits = LIMITS,
        pacing: Pacing = PROJECTIONS,
        wanted: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self.limits = limits
        self.store: TableStore = SqliteTableStore(path)
        self.projections = over(
            self.store, ledger, clock, limits=limits, pacing=pacing, wanted=wanted
        )

    def take_turn(self) -> bool:
        """One step of every projection, as the subscription takes them; True while behind."""
        return self.projections.follower.take_turn()

    def follow(self, name: str, events: int) -> bool:
        """Take in so many more events, and the time."""
        build = self.projections.follower.build(name)
        return build.step(build.position + events, self.clock())

    def fail(self, name: str, events: int) -> None:
        """Take a step that is lost at its end, as where the disk is full."""
        store = self.store
        write = store.write

        @contextmanager
        def lost() -> Iterator[Transaction]:
            with write() as connection:
                yield connection
                raise Unavailable("the disk is full")

        store.write = lost  # type: ignore[method-assign]  # for this one step
        try:
            self.follow(name, events)
        except Unavailable:
            return
        finally:
            store.write = write  # type: ignore[method-assign]  # as it was

    def rebuild(self, name: str, work: Work | None = None) -> dict[str, Any]:
        """Rebuild to the end."""
        return self.rebuilding(name, self.ledger).run(work or Work(lambda _progress: None))[0]

    def rebuilding(self, name: str, ledger: EventSource) -> Rebuild:
        """A rebuild of a projection from a ledger, not begun."""
        follower = self.projections.follower
        return Rebuild([READ_MODELS[name]], self.store, ledger, follower, self.clock, self.limits)

    def built_anew(self, name: str, position: int) -> str:
        """The digest of a build of the log up to a position, made and thrown away."""
        rebuild = self.rebuilding(name, Earlier(self.ledger, position))
        work = Work(lambda _progress: None)
        build = rebuild.fill(rebuild.begin(), work)[0].finish(self.store, work)
        with self.store.write() as connection:
            figure = digest(READ_MODELS[name], Tables(connection, build.generation))
            remove(connection, build.generation)
        return figure

    def digest(self, name: str) -> ProjectionDigest:
        """What the projection holds."""
        return self.projections.digest(name)

    def close(self) -> None:
        """Let go of the file."""
        self.projections.close()
