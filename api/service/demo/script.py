"""Scripts: contacts and what happened to them, in days before one instant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from domain.instants import DAY, format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = "demo"
LABEL = "(synthetic)"

_IDS = UUID("5b0f6f3e-6a0e-4b5a-9d6b-6d1f0c6f2a11")
"""The namespace of the town's event ids; any fixed UUID does."""


@dataclass(frozen=True)
class Entry:
    """One event to be appended; ``data`` names contacts as ``demo:ref``."""

    ref: str
    id: UUID
    type: str
    occurred_at: int
    data: Mapping[str, object]


@dataclass
class Script:
    """What happened in one business, in the order in which it is appended.

    ``now`` is the instant all days are counted back from, in microseconds of UTC.
    """

    ledger: str
    preset: str
    currency: str
    now: int
    entries: list[Entry] = field(default_factory=list)

    def contact(self, ref: str, name: str, *, days_ago: float, kind: str = "person") -> Story:
        """Register a contact, and return their story."""
        story = Story(self, ref)
        story.did(days_ago, "contact-registered", kind=kind, name=f"{name} {LABEL}")
        return story

    def add(self, ref: str, type_name: str, days_ago: float, data: Mapping[str, object]) -> UUID:
        """Append one entry. Its id depends only on the entries before it."""
        event_id = uuid5(_IDS, f"{self.ledger}/{len(self.entries)}/{ref}/{type_name}")
        occurred_at = self.now - round(days_ago * DAY)
        self.entries.append(Entry(ref, event_id, type_name, occurred_at, data))
        return event_id

    def instant(self, days_ago: float) -> str:
        """An instant for an event's data; days to come are below zero."""
        return format_instant(self.now - round(days_ago * DAY))

    def date(self, days_ago: float) -> str:
        """A date for an event's data."""
        return self.instant(days_ago)[: len("2026-03-01")]


@dataclass(frozen=True)
class Story:
    """One contact's part of a script."""

    script: Script
    ref: str

    @property
    def name(self) -> str:
        """How other events name this contact."""
        return f"{SOURCE}:{self.ref}"

    def did(self, days_ago: float, type_name: str, **data: object) -> str:
        """Add one event; its id is for thanks, corrections and retractions."""
        return str(self.script.add(self.ref, type_name, days_ago, data))

    def purchase(self, days_ago: float, amount_minor: int, **more: object) -> str:
        """Add a purchase, with an id from its place in the script."""
        return self.did(
            days_ago,
            "purchase-made",
            purchase_id=f"till-{len(self.script.entries)}",
            amount_minor=amount_minor,
            currency=self.script.currency,
            initiated_by="contact",
            **more,
        )

    def refer(self, days_ago: float, referral_id: str, other: Story, level: int) -> None:
        """Add a referral: this contact sent the other one to us."""
        self.did(
            days_ago,
            "referral-made",
            referral_id=referral_id,
            direction="inbound",
            other=other.name,
            level=level,
        )
