"""Given, when, then: streams of recorded events at fixed instants, and decisions about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from domain.aliases import aliases_in
from domain.contact import ContactState
from domain.decisions import DecidedEvent, Request, decide
from domain.errors import Refused
from domain.events import CATALOGUE, Event
from domain.instants import DAY, parse_instant
from domain.policy import Policy
from domain.recorded import RecordedEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

START = parse_instant("2026-01-01T12:00:00Z")

ANN, BEN, CAT, DAN = (UUID(int=number) for number in range(1, 5))
"""Contacts. Ann is the one that a scenario is about unless it says otherwise."""

EXAMPLES: dict[str, dict[str, Any]] = {
    "contact-registered": {"kind": "person", "name": "Ann"},
    "registration-amended": {"name": "Anna"},
    "profile-fact-learned": {"section": "family", "key": "children", "value": "two"},
    "preference-learned": {"key": "table", "value": "by the window"},
    "occasion-learned": {"occasion_id": "o1", "kind": "birthday", "month": 2, "day": 29},
    "contact-detail-learned": {"kind": "email", "value": "ann@example.org"},
    "contact-detail-removed": {"kind": "email", "value": "ann@example.org"},
    "contact-linked": {"other": str(BEN), "relation": "works-for"},
    "contact-merged": {"into": str(BEN)},
    "merge-reversed": {"into": str(BEN)},
    "contacts-distinguished": {"other": str(BEN)},
    "consent-changed": {"purpose": "offers", "channel": "email", "granted": True},
    "purchase-made": {
        "purchase_id": "p1",
        "amount_minor": 100,
        "currency": "EUR",
        "initiated_by": "contact",
    },
    "purchase-reversed": {"purchase_id": "p1", "amount_minor": 100, "currency": "EUR"},
    "visit-made": {"guests": 1},
    "subscription-started": {
        "subscription_id": "s1",
        "plan": "box",
        "amount_minor": 2000,
        "currency": "EUR",
        "term_days": 30,
    },
    "subscription-renewed": {"subscription_id": "s1", "automatic": True, "reminded": False},
    "subscription-upgraded": {"subscription_id": "s1", "initiated_by": "contact"},
    "subscription-cancelled": {"subscription_id": "s1"},
    "wallet-share-reported": {"category": "bread", "share_percent": 80, "method": "stated"},
    "wallet-rank-reported": {"category": "bread", "rank": 1, "brands": 2},
    "engagement-opened": {"engagement_id": "e1", "role": "buyer", "capacity": "client"},
    "engagement-closed": {"engagement_id": "e1"},
    "disclosure-acknowledged": {"engagement_id": "e1", "form": "DOS-1736", "form_version": "1"},
    "need-discovered": {"need_id": "n1", "stated": "a house"},
    "need-met": {"need_id": "n1"},
    "advice-given": {"advice_id": "a1", "summary": "wait for spring"},
    "advice-accepted": {"advice_id": "a1"},
    "advice-declined": {"advice_id": "a1"},
    "sale-declined": {"amount_minor": 5000, "currency": "EUR", "reason": "too large for them"},
    "resource-shared": {"resource": "guide", "channel": "email"},
    "thanks-given": {"channel": "card", "personal": True},
    "thanks-received": {},
    "testimonial-given": {"public": True},
    "gesture-made": {
        "gesture": "free coffee",
        "cost_minor": 150,
        "currency": "EUR",
        "reason": "rain",
    },
    "greeting-sent": {"occasion_id": "o1", "channel": "card"},
    "recognition-given": {"how": "greeted by name"},
    "touch-made": {
        "direction": "inbound",
        "purpose": "question",
        "planned": False,
        "channel": "phone",
    },
    "action-deferred": {"item": "touch", "until": "2026-02-01T12:00:00Z"},
    "steward-assigned": {"steward": "Kim"},
    "detail-updated": {"initiated_by": "contact", "detail": "new address"},
    "survey-answered": {"metric": "nps", "score": 9},
    "promise-made": {"promise_id": "w1", "due_on": "2026-02-01"},
    "promise-kept": {"promise_id": "w1"},
    "promise-broken": {"promise_id": "w1"},
    "complaint-raised": {"complaint_id": "c1", "severity": 2, "public": False},
    "complaint-acknowledged": {"complaint_id": "c1"},
    "complaint-resolved": {"complaint_id": "c1", "satisfied": True},
    "complaint-reopened": {"complaint_id": "c1"},
    "competitor-noted": {"competitor": "the other baker"},
    "referral-asked": {"channel": "phone"},
    "referral-made": {
        "referral_id": "r1",
        "direction": "inbound",
        "other": str(BEN),
        "level": 2,
    },
    "referral-received": {"referral_id": "r1", "by": str(ANN), "level": 2},
    "referral-level-raised": {"referral_id": "r1", "level": 4},
    "referral-qualified": {"referral_id": "r1"},
    "referral-closed": {"referral_id": "r1", "outcome": "won"},
    "reward-approved": {"referral_id": "r1", "in_kind": "dinner for two"},
    "reward-paid": {"referral_id": "r1", "in_kind": "dinner for two"},
    "reward-reversed": {"referral_id": "r1"},
    "reward-declined": {"referral_id": "r1"},
    "stage-overridden": {
        "stage": "client",
        "reason": "the owner's sister",
        "expires_at": "2027-01-01T00:00:00Z",
    },
    "relationship-ended": {"by": "business", "reason": "rude to staff"},
    "custom-recorded": {"kind": "tasting", "attributes": {"wines": 5}},
    "event-retracted": {"target": str(UUID(int=1)), "reason": "typed into the wrong till"},
    "event-corrected": {"target": str(UUID(int=1)), "occurred_at": "2026-01-01T12:00:00Z"},
    "personal-data-erased": {"requested_by": "the contact", "reason": "asked for it"},
    "policy-published": {
        "policy_version": 1,
        "effective_from": "1970-01-01T00:00:00Z",
        "policy": {},
        "sha256": "00",
    },
}
"""Valid data for every type in the catalogue."""


def fact(type_name: str, **data: object) -> Event:
    """An event of that type: the example, with some of its data replaced, or left out by None."""
    return CATALOGUE[type_name].read({**EXAMPLES[type_name], **data})


def on_day(number: float) -> int:
    """Noon in UTC of a day, counted from 2026-01-01 as day 0."""
    return START + round(number * DAY)


@dataclass
class Scenario:
    """A ledger in a list: contacts, what is recorded of them, and one policy for ever.

    At single instants it may be another: ``policies`` says which.
    """

    policy: Policy = field(default_factory=Policy)
    events: list[RecordedEvent] = field(default_factory=list)
    states: dict[UUID, ContactState] = field(default_factory=dict)
    policies: dict[int, Policy] = field(default_factory=dict)

    def contact(self, contact_id: UUID) -> ContactState:
        """The state of a contact."""
        return self.states.setdefault(contact_id, ContactState.initial(contact_id))

    def survivor_of(self, contact_id: UUID) -> UUID:
        """Who stands for a contact, by everything recorded."""
        return aliases_in(self.events).survivor_of(contact_id)

    def group(self, contact_id: UUID) -> tuple[UUID, ...]:
        """Every contact that is the same person, who stands for all of them first."""
        aliases = aliases_in(self.events)
        return aliases.members(aliases.survivor_of(contact_id))

    def policy_at(self, at: int) -> Policy:
        """The policy: that of the instant, where it has one of its own, and else the common one."""
        return self.policies.get(at, self.policy)

    def record(
        self,
        event: Event,
        at: int = START,
        contact_id: UUID = ANN,
        causation_id: UUID | None = None,
    ) -> RecordedEvent:
        """Put an event on a stream without asking; ids count from 1001 as positions do from 1."""
        position = len(self.events) + 1
        recorded = RecordedEvent(
            contact_id=contact_id,
            version=self.contact(contact_id).version + 1,
            position=position,
            id=UUID(int=1000 + position),
            occurred_at=at,
            recorded_at=on_day(1000) + position,
            source=None,
            actor=None,
            causation_id=causation_id,
            event=event,
        )
        self.events.append(recorded)
        self.contact(contact_id).evolve(recorded)
        return recorded

    def given(self, *type_names: str, at: int = START, contact_id: UUID = ANN) -> Scenario:
        """Record the examples of these types; answers itself, so that scenarios can be built on."""
        for type_name in type_names:
            self.record(fact(type_name), at, contact_id)
        return self

    def decide(
        self, event: Event, at: int = START, contact_id: UUID = ANN, actor: str | None = None
    ) -> tuple[DecidedEvent, ...]:
        """What the domain answers to a request; nothing is recorded."""
        request = Request(
            contact_id=contact_id, id=UUID(int=999), event=event, occurred_at=at, actor=actor
        )
        return decide(self.contact(contact_id), request, self)

    def append(
        self, event: Event, at: int = START, contact_id: UUID = ANN, actor: str | None = None
    ) -> tuple[RecordedEvent, ...]:
        """Decide, and record what was decided, as a ledger does."""
        recorded: list[RecordedEvent] = []
        for decided in self.decide(event, at, contact_id, actor):
            cause = recorded[0].id if recorded else None
            recorded.append(self.record(decided.event, at, decided.contact_id, cause))
        return tuple(recorded)

    def refusal(
        self, event: Event, at: int = START, contact_id: UUID = ANN, actor: str | None = None
    ) -> Refused:
        """The refusal with which a request is answered."""
        with pytest.raises(Refused) as caught:
            self.decide(event, at, contact_id, actor)
        return caught.value


def registered(*contact_ids: UUID, policy: Policy | None = None) -> Scenario:
    """A scenario in which these contacts, or else Ann and Ben, are registered."""
    scenario = Scenario(policy or Policy())
    for contact_id in contact_ids or (ANN, BEN):
        scenario.given("contact-registered", contact_id=contact_id)
    return scenario


def types_of(decided: Iterable[DecidedEvent]) -> list[str]:
    """The types of what was decided."""
    return [one.event.TYPE for one in decided]
