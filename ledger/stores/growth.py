"""Waiting until a ledger has grown that another process appends to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

LOOK_SECONDS = 0.05
"""How often one looks who hears nothing."""


class Growth(Protocol):
    """What hears of growth; for one thread."""

    def wait(self, ledgers: Collection[str]) -> None:
        """Return when one of the ledgers of these names may have grown: soon after it has, and
        after a second at the latest.
        """

    def close(self) -> None:
        """Hear no more."""


class Looking:
    """Where nobody tells anything: it is time to look 20 times a second."""

    def wait(self, _ledgers: Collection[str]) -> None:
        """Return after a while."""
        time.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """There is nothing to close."""
