"""A sealer as a subscriber: off the threads that append, it seals whatever they recorded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.errors import Unavailable
    from ledger.transparency.sealer import Sealer

_log = logging.getLogger("rapport.ledger")


class SealerSubscriber:
    """Takes a sealer along the log, until it signs nothing more."""

    name = "sealer"
    gives_way = False
    is_dear = False

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    @property
    def position(self) -> int:
        """Everything up to this position is under a checkpoint."""
        return self._sealer.signed.size

    @property
    def follows(self) -> bool:
        """Whether it still signs."""
        return self._sealer.problem is None

    def due_seconds(self) -> float | None:
        """None: where nothing is appended, nothing is signed."""
        return None

    def step(self, upto: int, breathe: Callable[[], bool]) -> bool:
        """Sign the next checkpoint; True while that is not one of all up to the position."""
        return self._sealer.step(upto, breathe).size < upto

    def troubled(self, trouble: Unavailable, cause: Exception) -> None:
        """Say in the log that sealing waits."""
        _log.warning("the log waits to be sealed: %s", trouble)

    def failed(self, error: Exception) -> None:
        """Sign nothing more; events go on. The sealer itself has said so where it is damage."""
        if not isinstance(error, Corrupt):
            _log.error("the log could not be sealed", exc_info=error)
            self._sealer.stop(f"it failed unexpectedly: {type(error).__name__}")
