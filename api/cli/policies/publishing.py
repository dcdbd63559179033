"""Publishing a policy, and a preset where it is not in force already."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from api.cli.acts import trail_of
from domain.presets import PRESETS
from ledger.access.orders import Order
from ledger.access.scopes import COMMAND_LINE

if TYPE_CHECKING:
    from api.cli.asking.answers import LedgerAnswers
    from domain.policy import Policy
    from domain.timeline import PolicyVersion
    from ledger.ledger import Ledger

BEGINNING = 0
"""1970-01-01: what is in force from here judges everything."""


def publish_policy(ledger: Ledger, policy: Policy, effective_from: int | None) -> PolicyVersion:
    """Publish a policy, in force from that instant or from now; its order is in the trail before.

    Raises:
        Unavailable: it could not be written.
    """
    trail = partial(trail_of, ledger.store.server(), ledger.name)
    with Order(trail, COMMAND_LINE, "policy-published", policy.name):
        return ledger.publish_policy(policy, effective_from).result()


def publish_preset(
    answers: LedgerAnswers, preset: str, effective_from: int
) -> tuple[PolicyVersion, bool]:
    """Have a preset in force from that instant; the version, and whether this published it.

    Where a version says the same from the same instant already, another would change nothing.
    """
    standing = answers.policies().in_force(effective_from)
    if standing.policy == PRESETS[preset] and standing.effective_from == effective_from:
        return standing, False
    return answers.publish(PRESETS[preset], effective_from), True
