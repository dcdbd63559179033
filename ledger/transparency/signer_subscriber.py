"""The checkpoint signer as a subscriber: it signs what was recorded, away from the threads that
append.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.errors import Unavailable
    from ledger.transparency.checkpoint_signer import CheckpointSigner

_log = logging.getLogger("rapport.ledger")


class SignerSubscriber:
    """Takes a checkpoint signer along the log, until it signs nothing more."""

    name = "sealer"
    gives_way = False
    is_dear = False

    def __init__(self, signer: CheckpointSigner) -> None:
        self._signer = signer

    @property
    def position(self) -> int:
        """Everything up to this position is under a checkpoint."""
        return self._signer.signed.size

    @property
    def follows(self) -> bool:
        """Whether it still signs."""
        return self._signer.problem is None

    def due_seconds(self) -> float | None:
        """None: where nothing is appended, nothing is signed."""
        return None

    def step(self, upto: int, breathe: Callable[[], bool]) -> bool:
        """Sign the next checkpoint; True while that is not one of all up to the position."""
        return self._signer.step(upto, breathe).size < upto

    def report_trouble(self, trouble: Unavailable, cause: Exception) -> None:
        """Log that signing waits."""
        _log.warning("the signing of the log waits: %s", trouble)

    def report_failure(self, error: Exception) -> None:
        """Sign nothing more; appends continue. The signer itself has logged damage."""
        if not isinstance(error, Corrupt):
            _log.error("the log could not be signed", exc_info=error)
            self._signer.stop(f"it failed unexpectedly: {type(error).__name__}")
