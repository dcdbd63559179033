"""Publishing a preset where it is not in force already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.presets import PRESETS

if TYPE_CHECKING:
    from domain.timeline import PolicyVersion
    from ledger.ledger import Ledger

BEGINNING = 0
"""1970-01-01: what is in force from here judges everything."""


def publish_preset(ledger: Ledger, preset: str, effective_from: int) -> tuple[PolicyVersion, bool]:
    """Have a preset in force from that instant; the version, and whether this published it.

    Where a version says the same from the same instant already, another would change nothing.
    """
    standing = ledger.policies().in_force(effective_from)
    if standing.policy == PRESETS[preset] and standing.effective_from == effective_from:
        return standing, False
    return ledger.publish_policy(PRESETS[preset], effective_from).result(), True
