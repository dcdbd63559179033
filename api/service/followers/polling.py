"""The projections of a ledger that neither this process keeps current nor one that it talks to."""

from __future__ import annotations

from threading import Condition, Thread
from typing import TYPE_CHECKING, NamedTuple

from domain.errors import LedgerError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from projections.operations import Work

LOOK_SECONDS = 0.01
"""How often it is looked at the tables while anybody waits for them."""

MOST_WAITS = 10_000
"""After how many looks one who waits has to look for himself: longer than any request waits."""


class _Want(NamedTuple):
    projection: str
    position: int
    callback: Callable[[], object]


class PolledFollowing:
    """Looks at the tables for those who wait; see ``projections.elsewhere.Following``."""

    def __init__(self) -> None:
        """For ``look_at``."""
        self._position_of: Callable[[str], int] = lambda _name: 0
        self._look_again: Callable[[], object] = lambda: None
        self._wants: dict[int, _Want] = {}
        self._looks: dict[int, int] = {}
        self._changed = Condition()
        self._thread: Thread | None = None

    def look_at(self, position_of: Callable[[str], int]) -> None:
        """Where it is looked up how far a projection is."""
        self._position_of = position_of

    def start(self, look_again: Callable[[], object]) -> None:
        """Nothing has to be followed: the server that records has that done."""
        self._look_again = look_again

    def wake(self) -> None:
        """Nobody sleeps."""

    def when_reached(
        self, projection: str, position: int, callback: Callable[[], object]
    ) -> Callable[[], object]:
        """Call back once the projection is at the position, or has not come there for very long."""
        want = _Want(projection, position, callback)
        with self._changed:
            self._wants[id(want)] = want
            if self._thread is None:
                self._thread = Thread(target=self._run, name="looking", daemon=True)
                self._thread.start()
        return lambda: self._drop(want)

    def trouble(self, projection: str) -> str | None:
        """It is not known here; the server that records knows it."""
        return None

    def rebuild(self, projection: str, work: Work) -> Mapping[str, object]:
        """Refuse.

        Raises:
            Unavailable: in any case.
        """
        raise Unavailable(f"the projection {projection} is rebuilt by the server that records")

    def _drop(self, want: _Want) -> None:
        with self._changed:
            self._wants.pop(id(want), None)
            self._looks.pop(id(want), None)

    def _run(self) -> None:
        """As long as anybody waits."""
        while True:
            with self._changed:
                self._changed.wait(LOOK_SECONDS)
                wants = list(self._wants.values())
                if not wants:
                    self._thread = None
                    return
            for want in wants:
                if self._is_due(want):
                    self._drop(want)
                    _call(want.callback)

    def _is_due(self, want: _Want) -> bool:
        looks = self._looks[id(want)] = self._looks.get(id(want), 0) + 1
        try:
            reached = self._position_of(want.projection) >= want.position
        except LedgerError:
            reached = False
        if not reached and looks % 20 == 0:
            self._look_again()  # the tables may have been made again
        return reached or looks >= MOST_WAITS


def _call(callback: Callable[[], object]) -> None:
    try:
        callback()
    except RuntimeError:
        return  # the event loop of who waited is closed
