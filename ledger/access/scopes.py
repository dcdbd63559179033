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

SCOPES = (APPEND, READ, AUDIT, REBUILD, ADMIN)
"""Every scope. None includes another: a key has those that it was given."""


@dataclass(frozen=True)
class Principal:
    """Who sends a request: an access key, or in open mode anyone on this machine.

    ``ledger`` is the one ledger that it is for; None for all of them. ``digest`` is that of the
    secret that let it in.
    """

    id: str
    scopes: frozenset[str]
    ledger: str | None = None
    digest: bytes = field(default=b"", repr=False)

    def has(self, scopes: Collection[str]) -> bool:
        """Whether it has one of these scopes."""
        return not self.scopes.isdisjoint(scopes)

    def may_enter(self, ledger: str) -> bool:
        """Whether that ledger, which may or may not exist, is one of its own."""
        return self.ledger is None or self.ledger == ledger


THIS_MACHINE = Principal("open", frozenset(SCOPES))
"""Everyone in open mode, which answers this machine only."""

COMMAND_LINE = Principal("command-line", frozenset(SCOPES))
"""The principal of commands that work on the data folder itself."""
