"""The small things: thanks, gestures, greetings, recognition, touches."""

from __future__ import annotations

from typing import Annotated

from domain.events.base import (
    Amount,
    CurrencyCode,
    EncryptedValue,
    Event,
    EventRef,
    ExpectedText,
    Id,
    ItemKey,
    LaterField,
    Moment,
    Party,
    Personal,
    PersonalName,
    PersonalText,
    Title,
    Word,
    YesNo,
    event,
)
from domain.kinds import Choice, Text
from domain.text import IDENTIFIER

About = Annotated[str | EncryptedValue, Text(200, IDENTIFIER), Personal, LaterField]
"""What a touch was about: the id of a referral or a subscription."""


@event("resource-shared")
class ResourceShared(Event):
    """We passed on something useful without a request. Source: E3."""

    resource: Title
    channel: Word


@event("thanks-given")
class ThanksGiven(Event):
    """We thanked the contact, perhaps for one event, personally or not. Source: E2."""

    for_event: EventRef | None = None
    channel: Word
    personal: YesNo


@event("thanks-received")
class ThanksReceived(Event):
    """The contact thanked us. Source: E2."""

    channel: Word | None = None
    public: YesNo | None = None


@event("testimonial-given")
class TestimonialGiven(Event):
    """The contact spoke well of us to others. Source: E2."""

    __test__ = False  # a domain word, not a test class

    channel: Word | None = None
    public: YesNo | None = None


@event("gesture-made")
class GestureMade(Event):
    """We gave a free coffee, tickets, a bit extra. Source: E1."""

    gesture: Word
    cost_minor: Amount
    currency: CurrencyCode
    reason: ExpectedText | None = None


@event("greeting-sent")
class GreetingSent(Event):
    """We greeted the contact on an occasion of theirs. Source: E4."""

    occasion_id: Id
    channel: Word


@event("recognition-given")
class RecognitionGiven(Event):
    """We showed that we know them: greeted by name, seated at their table. Source: E2."""

    how: ExpectedText | None = None


@event("touch-made")
class TouchMade(Event):
    """One of us called, wrote or sent word to the other, perhaps about one matter. Source: E4."""

    direction: Annotated[str, Choice(("inbound", "outbound"))]
    purpose: Word
    planned: YesNo
    channel: Word
    about: About | None = None


@event("detail-updated")
class DetailUpdated(Event):
    """A detail of the contact changed. Clients report such changes by themselves. Source: E2."""

    initiated_by: Party
    detail: ExpectedText | None = None


@event("competitor-noted")
class CompetitorNoted(Event):
    """We heard of a competitor in the contact's life. Source: E4."""

    competitor: Title
    note: PersonalText | None = None


@event("action-deferred")
class ActionDeferred(Event):
    """Staff put an item of the agenda off until an instant: "not now". Source: E4."""

    item: ItemKey
    until: Moment
    reason: PersonalText | None = None


@event("steward-assigned")
class StewardAssigned(Event):
    """Somebody of ours looks after the contact from now on; absent, nobody does. Source: E0, E3."""

    steward: PersonalName | None = None
    reason: PersonalText | None = None
