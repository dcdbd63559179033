"""A ledger as the target of an import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future
    from uuid import UUID

    from domain.errors import LedgerError
    from domain.recorded import RecordedEvent
    from ledger.drafts import Append, AppendResult
    from ledger.ledger import Ledger


@dataclass(frozen=True)
class LedgerTarget:
    """Appends to the ledger, and asks it which contacts are registered."""

    ledger: Ledger

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
        return self.ledger.append_each(appends)

    def find_registered(self, contact_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the contacts that are registered already."""
        return self.ledger.registered_contacts(contact_ids)
