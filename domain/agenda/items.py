"""Items of the agenda: what is to be done for a contact, since when, by when, and why.

Source: the care document, section 2, whose table names the kinds and numbers them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.encounters import MEETINGS, OURS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

NUMBERS: Mapping[str, int] = {
    "disclosure": 1,
    "complaint": 2,
    "promise": 3,
    "thanks": 4,
    "thanks-won": 4,
    "reward": 5,
    "keep": 6,
    "renewal": 7,
    "occasion": 8,
    "need": 9,
    "competitor": 10,
    "touch": 11,
    "reciprocity": 12,
    "report-back": 13,
    "ask": 14,
    "gesture": 15,
    "learn": 16,
}
"""Every kind of item with its place in the order of an agenda."""

KINDS = tuple(NUMBERS)
"""Every kind of item, the most urgent first."""

REFERRED = frozenset({"thanks-won", "reward", "reciprocity", "report-back"})
"""The kinds that depend on what became of other contacts."""

LASTING = frozenset({"disclosure", "complaint", "promise", "reward"})
"""What is still owed to somebody who is ended or erased."""

MUTED_BY: Mapping[str, str] = {
    "keep": "marketing",
    "renewal": "marketing",
    "touch": "marketing",
    "ask": "marketing",
    "occasion": "greetings",
}
"""The purpose of those kinds that a refused consent mutes. The others are service."""

CLEARED_BY: Mapping[str, tuple[str, ...]] = {
    "disclosure": ("disclosure-acknowledged",),
    "complaint": ("complaint-resolved",),
    "promise": ("promise-kept", "promise-broken"),
    "thanks": ("thanks-given",),
    "thanks-won": ("thanks-given",),
    "reward": ("reward-paid", "reward-declined"),
    "keep": (*OURS, "purchase-made"),
    "renewal": ("touch-made", "subscription-renewed", "subscription-cancelled"),
    "occasion": ("greeting-sent",),
    "need": ("need-met", "advice-given"),
    "competitor": OURS,
    "touch": MEETINGS,
    "reciprocity": ("referral-made",),
    "report-back": OURS,
    "ask": ("referral-asked",),
    "gesture": ("gesture-made",),
    "learn": ("profile-fact-learned", "preference-learned", "occasion-learned"),
}
"""The types of events that do the thing, the most usual first."""

STATES = ("muted", "deferred", "overdue", "today", "upcoming")
"""The states of an item, as they are written on the wire."""


HIDDEN = frozenset({"muted", "deferred"})
"""The states of what is listed on request alone."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to do for a contact. Instants are microseconds of UTC.

    ``stream`` is the contact to append to. ``gone_at`` is when the item goes by itself, where that
    is known; ``deferred_until`` until when somebody put it off. ``told`` holds what a sentence
    about it needs: nothing of it is personal, but of an occasion its date.
    """

    kind: str
    contact_id: UUID
    stream: UUID
    subject: str | None
    opens_at: int
    due_at: int
    gone_at: int | None = None
    events: tuple[UUID, ...] = ()
    amount_minor: int | None = None
    currency: str | None = None
    cash_forbidden: bool = False
    muted: bool = False
    deferred_until: int | None = None
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name of the item, the same forever and unique within its contact."""
        return self.kind if self.subject is None else f"{self.kind}:{self.subject}"

    @property
    def number(self) -> int:
        """The place of its kind in the order of an agenda."""
        return NUMBERS[self.kind]

    @property
    def cleared_by(self) -> tuple[str, ...]:
        """The types of events that do the thing."""
        types = CLEARED_BY[self.kind]
        return (*types, "gesture-made") if self.cash_forbidden else types

    @property
    def order(self) -> tuple[int, int, UUID, str]:
        """Where it stands in an agenda."""
        return self.number, self.due_at, self.contact_id, self.key

    def state(self, begins_at: int, ends_at: int, at: int) -> str:
        """Its state on the day of which ``begins_at`` to ``ends_at`` is left, as it is ``at``."""
        if self.muted:
            return "muted"
        if self.deferred_until is not None and at < self.deferred_until:
            return "deferred"
        if self.due_at < begins_at:
            return "overdue"
        return "today" if self.due_at < ends_at else "upcoming"
