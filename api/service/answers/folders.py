"""What the command line lists of a data folder: its ledgers, and the keys that sign their logs."""

from __future__ import annotations

from typing import Literal

from api.service.answers.document import Document, Instant


class LedgerInFolder(Document):
    """A ledger as its files are; of a damaged one only the name, the state and the size is known.

    ``bytes`` are those of all its files.
    """

    name: str
    state: Literal["open", "archived", "for audit", "damaged"]
    time_zone: str | None = None
    created_at: str | None = None
    origin: str | None = None
    bytes: int | None


class LogKey(Document):
    """A key that signs the checkpoints of a log, or did until it was retired."""

    verifier: str
    made_at: Instant | None
    retired_at: Instant | None
