"""What counts as an encounter: which acts are ours, which are theirs.

Ours are the acts by which we turned to a contact, theirs those by which the contact turned to us; a
meeting is either. The agenda, the card and the lists of who is cared for read them here. Source:
the care document, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events.care import (
    DetailUpdated,
    GestureMade,
    GreetingSent,
    RecognitionGiven,
    ResourceShared,
    TestimonialGiven,
    ThanksGiven,
    ThanksReceived,
    TouchMade,
)
from domain.events.commerce import (
    PurchaseMade,
    SubscriptionStarted,
    SubscriptionUpgraded,
    VisitMade,
)
from domain.events.referrals import ReferralMade, RewardPaid
from domain.events.service import (
    AdviceGiven,
    ComplaintAcknowledged,
    ComplaintRaised,
    SurveyAnswered,
)

if TYPE_CHECKING:
    from collections.abc import Container
    from uuid import UUID

    from domain.events import Event
    from domain.history import Fact

OURS = (
    "touch-made",
    "thanks-given",
    "gesture-made",
    "greeting-sent",
    "recognition-given",
    "advice-given",
    "resource-shared",
    "complaint-acknowledged",
    "reward-paid",
    "referral-made",
)
"""The types of events with which we turn to a contact, the most usual first."""

THEIRS = (
    "visit-made",
    "purchase-made",
    "touch-made",
    "complaint-raised",
    "survey-answered",
    "referral-made",
    "testimonial-given",
    "thanks-received",
    "detail-updated",
    "subscription-started",
    "subscription-upgraded",
)
"""The types of events with which a contact turns to us, the most usual first."""

MEETINGS = tuple(dict.fromkeys((*OURS, *THEIRS)))
"""The types of events with which one of the two turns to the other."""

_OURS = frozenset(
    {
        AdviceGiven,
        ComplaintAcknowledged,
        GestureMade,
        GreetingSent,
        RecognitionGiven,
        ResourceShared,
        RewardPaid,
        ThanksGiven,
    }
)
_THEIRS = frozenset(
    {
        ComplaintRaised,
        SubscriptionStarted,
        SurveyAnswered,
        TestimonialGiven,
        ThanksReceived,
        VisitMade,
    }
)


def is_ours(event: Event) -> bool:
    """Whether we turned to the contact."""
    if isinstance(event, TouchMade | ReferralMade):
        return event.direction == "outbound"
    return type(event) in _OURS


def is_theirs(event: Event) -> bool:
    """Whether the contact turned to us; of a purchase only where it is not reversed in full."""
    if isinstance(event, TouchMade | ReferralMade):
        return event.direction == "inbound"
    if isinstance(event, PurchaseMade | DetailUpdated | SubscriptionUpgraded):
        return event.initiated_by == "contact"
    return type(event) in _THEIRS


def is_meeting(fact: Fact, counted: Container[UUID]) -> bool:
    """Whether one of the two turned to the other.

    ``counted`` are the ids of the purchases that are not reversed in full.
    """
    event = fact.event
    if isinstance(event, PurchaseMade) and fact.id not in counted:
        return False
    return is_ours(event) or is_theirs(event)
