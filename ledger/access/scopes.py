"""What an access key may be for. Source: the HTTP contract, "Access"."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

APPEND = "append"
READ = "read"
AUDIT = "audit"
REBUILD = "rebuild"
ADMIN = "admin"

CALENDAR = "calendar"

SCOPES = (APPEND, READ, AUDIT, REBUILD, ADMIN)
"""The scopes that a key can have together. None includes another: it has those it was given."""

KEY_SCOPES = (*SCOPES, CALENDAR)
"""Every scope that a key can be made with. ``calendar`` stands alone in its key.

Such a key is sent in the address of the calendar's feed, so nothing else may open by it.
"""


@dataclass(frozen=True)
class Principal:
    """Who sends a request: an access key, or in open mode anyone on this machine.

    ``ledger`` is the one ledger that it is for; None for all of them. ``digest`` is that of the
    secret that let it in. ``occasions`` is whether a calendar's key shows them.
    """

    id: str
    scopes: frozenset[str]
    ledger: str | None = None
    digest: bytes = field(default=b"", repr=False)
    occasions: bool = False

    def has(self, scopes: Collection[str]) -> bool:
        """Whether it has one of these scopes."""
        return not self.scopes.isdisjoint(scopes)

    def may_enter(self, ledger: str) -> bool:
        """Whether that ledger, which may or may not exist, is one of its own."""
        return self.ledger is None or self.ledger == ledger


THIS_MACHINE = Principal("open", frozenset(SCOPES))
"""Everyone in open mode, which answers this machine only."""

ITSELF = Principal("server", frozenset())
"""The principal of what a server does without being asked."""

COMMAND_LINE = Principal("command-line", frozenset(SCOPES))
"""The principal of commands that work on the data folder itself."""
