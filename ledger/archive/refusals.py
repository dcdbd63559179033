"""Why an archive is not taken: which member, and the position of the event where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Corrupt, LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping


class ArchiveRefused(Corrupt):
    """The archive is not what an export wrote. ``member`` is None where it is none at all."""

    def __init__(self, why: str, member: str | None = None, position: int | None = None) -> None:
        at = "the archive" if member is None else member
        where = f"{at}, position {position:,}" if position is not None else at
        super().__init__(f"{where}: {why}")
        self.why = why
        self.member = member
        self.position = position

    def fields(self) -> Mapping[str, object]:
        """Where the first fault is."""
        return {"member": self.member, "position": self.position}


class PassphraseRefused(LedgerError):
    """The passphrase opens nothing, or there is none where one is needed."""
