"""Items of the agenda: what is to be done for a contact, since when, by when, and why.

Source: the care document, section 2, whose table names the kinds and numbers them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import UUID

from domain.encounters import MEETINGS, OURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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

DUE = "due"
"""Stands for two states of an item on a day where they are asked for: overdue, and today."""

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


class Putting(NamedTuple):
    """What keeps an item from being shown: a refused consent, or somebody who put it off.

    ``gone_at`` is when the item goes by itself, where that is known.
    """

    muted: bool
    deferred_until: int | None
    gone_at: int | None

    def state(self, due_at: int, begins_at: int, ends_at: int, at: int) -> str:
        """The state of an item on the day of which ``begins_at`` to ``ends_at`` is left.

        One that was put off to a time of that day, and is still there then, is as it is then.
        """
        if self.muted:
            return "muted"
        if self.deferred_until is not None and at < self.deferred_until:
            last_at = ends_at if self.gone_at is None else min(ends_at, self.gone_at)
            if self.deferred_until >= last_at:
                return "deferred"
        if due_at < begins_at:
            return "overdue"
        return "today" if due_at < ends_at else "upcoming"


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

    def pack(self) -> list[Any]:
        """The item in msgpack's own types, all but its kind and its contact."""
        return [
            self.stream.bytes,
            self.subject,
            self.opens_at,
            self.due_at,
            self.gone_at,
            [event.bytes for event in self.events],
            self.amount_minor,
            self.currency,
            self.cash_forbidden,
            self.muted,
            self.deferred_until,
            dict(self.told),
        ]

    @classmethod
    def unpack(cls, kind: str, contact_id: UUID, packed: Sequence[Any]) -> Self:
        """The item that was packed."""
        stream, subject, opens_at, due_at, gone_at, events, *rest = packed
        amount_minor, currency, cash_forbidden, muted, deferred_until, told = rest
        return cls(
            kind=kind,
            contact_id=contact_id,
            stream=UUID(bytes=stream),
            subject=subject,
            opens_at=opens_at,
            due_at=due_at,
            gone_at=gone_at,
            events=tuple(UUID(bytes=event) for event in events),
            amount_minor=amount_minor,
            currency=currency,
            cash_forbidden=cash_forbidden,
            muted=muted,
            deferred_until=deferred_until,
            told=told,
        )

    @property
    def order(self) -> tuple[int, int, UUID, str]:
        """Where it stands in an agenda."""
        return self.number, self.due_at, self.contact_id, self.key

    def state(self, begins_at: int, ends_at: int, at: int) -> str:
        """Its state on the day of which ``begins_at`` to ``ends_at`` is left, as it is ``at``."""
        put_off = Putting(self.muted, self.deferred_until, self.gone_at)
        return put_off.state(self.due_at, begins_at, ends_at, at)
