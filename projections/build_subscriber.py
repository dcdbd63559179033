"""The live build of a projection, as a subscription carries it along the log."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from domain.errors import LedgerError
from domain.instants import SECOND
from projections.generations import FAILED, save
from projections.operations import error_trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.errors import Unavailable
    from projections.builds import AnyBuild
    from projections.source import Page
    from projections.tables import TableStore

logger = logging.getLogger(__name__)


class BuildSubscriber:
    """Takes a build's steps, until it fails or is left alone; another may take its place."""

    def __init__(
        self,
        build: AnyBuild,
        store: TableStore,
        page: Page,
        clock: Callable[[], int],
        tell: Callable[[], object],
        fill_instead: Callable[[AnyBuild, int], bool],
    ) -> None:
        """``tell`` is called when the build has moved or failed.

        ``fill_instead`` decides whether a build is so far behind a position that another one is
        filled, and leaves this one alone then.
        """
        self.build = build
        self.is_left_alone = False
        """Whether another build is made that will take its place."""
        self._store = store
        self._page = page
        self._clock = clock
        self._tell = tell
        self._fill_instead = fill_instead

    @property
    def name(self) -> str:
        """The projection's name."""
        return self.build.generation.projection

    @property
    def position(self) -> int:
        """Everything up to this position is taken in."""
        return self.build.position

    @property
    def gives_way(self) -> bool:
        """Whether it waits until the other builds stand at the head of the log."""
        return self.build.gives_way

    @property
    def is_dear(self) -> bool:
        """Whether its last step cost far more than its events are worth."""
        return self.build.is_dear

    @property
    def has_failed(self) -> bool:
        """Whether it can take no more steps."""
        return self.build.generation.state == FAILED

    @property
    def follows(self) -> bool:
        """Whether it takes steps."""
        return not (self.has_failed or self.is_left_alone)

    def due_seconds(self) -> float | None:
        """After how long a row changes without an event; None for never."""
        at = self.build.next_breakpoint
        return None if at is None else (at - self._clock()) / SECOND

    def step(self, upto: int, _breathe: Callable[[], bool]) -> bool:
        """Take one step; True if it moved and there is more to take in."""
        if self._fill_instead(self.build, upto):
            return False
        moved = self.build.step(upto, self._clock(), self._page)
        if moved:
            self._tell()
        return moved and self.build.position < upto

    def report_trouble(self, trouble: Unavailable, cause: Exception) -> None:
        """Say in the log that it waits."""
        logger.warning("projection %s waits: %s\n%s", self.name, trouble, error_trace(cause))

    def report_failure(self, error: Exception) -> None:
        """Mark the build as failed, and leave it where it is."""
        logger.error("projection %s failed: %s", self.name, error_trace(error))
        problem = str(error) if isinstance(error, LedgerError) else type(error).__name__
        build = self.build
        build.generation = replace(build.generation, state=FAILED, problem=problem)
        try:
            with self._store.write() as connection:
                save(connection, build.generation)
                if build.outbox is not None:
                    build.outbox.report_failure(
                        connection, self.name, build.position, self._clock(), problem
                    )
        except LedgerError as unsaved:
            logger.error("the failure of %s could not be kept: %s", self.name, error_trace(unsaved))
        self._tell()
