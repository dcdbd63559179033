"""Projections driven by hand: no thread moves them, so that a test says what happens when."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from domain.errors import Unavailable
from ledger.stores.sqlite.projection_tables import SqliteTableStore
from projections.digest import digest
from projections.generations import Tables, remove
from projections.operations import Work
from projections.projections import Projections
from projections.rebuild import Rebuild
from tests.projections.memory import Earlier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from projections.answers import ProjectionDigest
    from projections.source import EventSource
    from projections.tables import Transaction
    from tests.projections.memory import Clock


class Hands:
    """The projections of a ledger, never started: each step is taken by the test."""

    names = ("status", "standing", "restatements")

    def __init__(self, ledger: EventSource, clock: Clock, path: Path) -> None:
        self.ledger = ledger
        self.clock = clock
        self.projections = Projections(ledger, SqliteTableStore(path), clock)

    def follow(self, name: str, events: int) -> bool:
        """Take in so many more events, and the time."""
        build = self.projections._follower.build(name)
        return build.step(build.position + events, self.clock())

    def fail(self, name: str, events: int) -> None:
        """Take a step that is lost at its end, as where the disk is full."""
        store = self.projections._store
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
        inside = self.projections
        rebuild = Rebuild(
            inside._projection(name), inside._store, self.ledger, inside._follower, self.clock
        )
        return rebuild.run(work or Work(lambda _progress: None))

    def built_anew(self, name: str, position: int) -> str:
        """The digest of a build of the log up to a position, made and thrown away."""
        inside, earlier = self.projections, Earlier(self.ledger, position)
        projection = inside._projection(name)
        rebuild = Rebuild(projection, inside._store, earlier, inside._follower, self.clock)
        build = rebuild.fill(rebuild._begin(), Work(lambda _progress: None))
        with inside._store.write() as connection:
            figure = digest(projection, Tables(connection, build.generation))
            remove(connection, build.generation)
        return figure

    def digest(self, name: str) -> ProjectionDigest:
        """What the projection holds."""
        return self.projections.digest(name)

    def close(self) -> None:
        """Let go of the file."""
        self.projections.close()
