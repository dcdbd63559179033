"""The welcome card: everything that the person who opens the door needs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

from pydantic import AliasChoices, Field

from api.service.answers.agenda import AgendaItem
from api.service.answers.document import (
    ContactQuestion,
    Document,
    Flags,
    Instant,
    Stage,
    StandingName,
)
from api.service.answers.money import Amount
from domain.card.card import in_clear
from domain.card.sentence import sentence
from domain.events import EncryptedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from api.service.agendas.listing import AgendaRow
    from domain.card.card import Card as Found
    from domain.history import Fact
    from domain.recorded import RecordedEvent

    NameOf = Callable[[UUID], str | None]


class Preference(Document):
    """A preference as it was learned last; ``value`` is null after an erasure."""

    key: str
    value: str | None
    learned_at: Instant


class UsualPurchase(Document):
    """The category of at least half of the last ten purchases: ``times`` of the last ``of``.

    ``amount_minor`` is the lower median of those in the currency of the latest.
    """

    category: str
    times: int
    of: int
    amount_minor: int
    currency: str


class LastPurchase(Document):
    """The last purchase that was not reversed in full."""

    at: Instant
    amount_minor: int
    currency: str
    category: str | None


class OpenComplaint(Document):
    """A complaint that is not resolved, with its deadline."""

    complaint_id: str
    severity: int
    raised_at: Instant
    due_at: Instant


class OpenPromise(Document):
    """A promise neither kept nor broken."""

    promise_id: str
    due_on: str | None
    summary: str | None


class OpenNeed(Document):
    """A need that was not met."""

    need_id: str
    stated: str | None


class OpenMatters(Document):
    """Complaints, promises and needs that are open between the contact and us, the oldest first."""

    complaints: tuple[OpenComplaint, ...]
    promises: tuple[OpenPromise, ...]
    needs: tuple[OpenNeed, ...]


class NearOccasion(Document):
    """A day of theirs within 30 days; ``years`` is how many it will be, if that is known."""

    occasion_id: str
    kind: str
    on: date
    in_days: int
    years: int | None


class ReferredBy(Document):
    """The contact who has the credit for this one, and how far that referral went."""

    contact_id: UUID
    name: str | None
    level: int


class SentReferrals(Document):
    """The number of referrals that they made to us, and how many were won."""

    count: int
    won: int


class DoneForThem(Document):
    """Something that we did for them, and who of ours did it."""

    type: str
    at: Instant
    what: str | None
    by: str | None


class ContactStatement(Document):
    """Something that they told us."""

    type: str
    at: Instant
    what: str | None


class CardConsent(Document):
    """A use of a channel that they allow or refuse, and since when."""

    purpose: str
    channel: str
    granted: bool
    at: Instant = Field(validation_alias=AliasChoices("said_at", "at"))


class CardContent(Document):
    """The part of a card that is the same for every instant until something on it changes."""

    policy_version: int
    name: str | None
    greet_as: str | None
    stage: Stage
    since: Instant | None
    score: int
    standing: StandingName
    flags: Flags
    steward: str | None
    rests_on: Literal["allegiance", "frequency"]
    preferences: tuple[Preference, ...]
    usual: UsualPurchase | None
    last_visit_at: Instant | None
    last_purchase: LastPurchase | None
    rhythm_days: int | None
    due_at: Instant | None
    open: OpenMatters
    occasions: tuple[NearOccasion, ...]
    referred_by: ReferredBy | None
    referred: SentReferrals
    done_for_them: tuple[DoneForThem, ...]
    said: tuple[ContactStatement, ...]
    agenda: tuple[AgendaItem, ...]
    consents: tuple[CardConsent, ...]
    exposure: tuple[Amount, ...]
    sentence: str
    evidence_erased: bool

    @classmethod
    def of(
        cls,
        found: Found,
        rows: Sequence[AgendaRow],
        recorded: Mapping[UUID, RecordedEvent],
        name_of: NameOf,
        exposure: Mapping[str, int],
    ) -> Self:
        """What a card shows. ``recorded`` has the events behind what was done, by id.

        ``exposure`` is what its open complaints put at risk, by currency.
        """
        relationship, habits = found.relationship, found.habits
        by = found.referred_by
        return cls.model_validate(
            {
                **{name: getattr(found, name) for name in _AS_FOUND},
                **{name: getattr(relationship, name) for name in _OF_RELATIONSHIP},
                **{name: getattr(habits, name) for name in _OF_HABITS},
                "open": OpenMatters.model_validate(found),
                "referred_by": by and {**by._asdict(), "name": name_of(by.contact_id)},
                "done_for_them": [_favour(one, recorded[one.id]) for one in found.done_for_them],
                "said": [_statement(one) for one in found.said],
                "agenda": [AgendaItem.of(row, name_of) for row in rows],
                "exposure": Amount.each(exposure),
                "sentence": sentence(found, [row.item for row in rows], name_of),
            }
        )


class Card(CardContent, ContactQuestion):
    """Everything to know of a contact who comes in; personal values are null after an erasure."""


_AS_FOUND = (
    "name",
    "greet_as",
    "standing",
    "steward",
    "preferences",
    "due_at",
    "occasions",
    "referred",
    "consents",
    "evidence_erased",
)
_OF_RELATIONSHIP = ("stage", "since", "score", "flags", "rests_on", "policy_version")
_OF_HABITS = ("usual", "last_visit_at", "last_purchase", "rhythm_days")

_WHAT: Mapping[str, Callable[[Any], object]] = {
    "gesture-made": lambda event: event.gesture,
    "recognition-given": lambda event: event.how,
    "advice-given": lambda event: event.summary,
    "resource-shared": lambda event: event.resource,
    "testimonial-given": lambda event: event.channel,
    "survey-answered": lambda event: f"{event.metric} {event.score}",
    "complaint-raised": lambda event: f"severity {event.severity}",
}
"""The text that a card shows for an event, by its type."""


def _statement(fact: Fact) -> dict[str, object]:
    what = in_clear(_WHAT[fact.event.TYPE](fact.event))
    return {"type": fact.event.TYPE, "at": fact.occurred_at, "what": what}


def _favour(fact: Fact, recorded: RecordedEvent) -> dict[str, object]:
    actor = recorded.actor
    return {**_statement(fact), "by": None if isinstance(actor, EncryptedValue) else actor}
