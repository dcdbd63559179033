"""A random history that was told to a ledger in memory, and the moment at which it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from domain.aliases import Aliases, merge_of
from projections.folding import Moment
from tests.fixtures.clock import Clock
from tests.projections.histories import Story
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from ledger.ledger import Ledger


class Told(NamedTuple):
    """The ledger, as the service takes it, and the present."""

    memory: MemoryLedger
    moment: Moment

    @property
    def ledger(self) -> Ledger:
        """What the service reads; it asks for nothing that the one in memory lacks."""
        return cast("Ledger", self.memory)


CURRENCIES = ("EUR", "JPY", "KWD")
"""With two, no and three digits after the point."""


def told(seed: int, acts: int = 120) -> Told:
    """What a random story leaves, with money in several currencies."""
    clock = Clock(NOW)
    memory = MemoryLedger(clock)
    for _ in Story(seed, memory, clock, currencies=CURRENCIES).tell(acts):
        pass
    return Told(memory, moment_in(memory, clock()))


def moment_in(memory: MemoryLedger, at: int, **changed: Any) -> Moment:
    """The point at which everything in the ledger is known."""
    aliases = Aliases()
    for recorded in memory.log(limit=memory.head() or 1):
        if (merge := merge_of(recorded)) is not None:
            aliases.apply(merge)
    policies = changed.get("policies", memory.policies())
    return Moment(memory.head(), at, policies, memory.time_zone, aliases)
