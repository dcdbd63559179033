"""A ledger as the target of an import."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.commit_queue import TooManyWaiting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future
    from uuid import UUID

    from domain.errors import LedgerError
    from domain.recorded import RecordedEvent
    from ledger.drafts import Append, AppendResult
    from ledger.ledger import Ledger
    from ledger.trial import Trial


RETRY_SECONDS = 0.05
"""How long to wait where too much waits to be recorded."""


@dataclass(frozen=True)
class LedgerTarget:
    """Appends to the ledger, and asks it which contacts are registered."""

    ledger: Ledger | Trial

    @property
    def namespace(self) -> UUID:
        """The ledger's own namespace."""
        return self.ledger.namespace

    def contact_id(self, name: str) -> UUID:
        """The contact of a UUID or ``source:ref``; ValueError where it is neither."""
        return self.ledger.contact_id(name)

    def stream(self, contact_id: UUID) -> Sequence[RecordedEvent]:
        """What is recorded of a contact, with what is personal encrypted."""
        return self.ledger.stream(contact_id)

    def now(self) -> int:
        """The present instant by the ledger's clock."""
        return self.ledger.now()

    def find_known(self, event_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the ids under which an event is recorded."""
        return self.ledger.known_ids(event_ids)

    def append_each(self, appends: Sequence[Append]) -> Future[list[AppendResult | LedgerError]]:
        """Record each that can be recorded; answers when they are durable."""
        while True:
            try:
                return self.ledger.append_each(appends)
            except TooManyWaiting:
                time.sleep(RETRY_SECONDS)  # an import is not urgent

    def find_registered(self, contact_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the contacts that are registered already."""
        return self.ledger.registered_contacts(contact_ids)
