"""Care for the contact: engagements, needs, advice, promises, complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from domain.errors import FieldError
from domain.events.base import (
    Amount,
    CurrencyCode,
    DateText,
    Event,
    ExpectedText,
    Id,
    OpeningId,
    PersonalText,
    Word,
    YesNo,
    event,
)
from domain.kinds import Choice, Whole

if TYPE_CHECKING:
    from collections.abc import Iterator


@event("engagement-opened")
class EngagementOpened(Event):
    """We began to act for a contact, in a role and a legal capacity. Source: E0, E1."""

    engagement_id: OpeningId
    role: Word
    capacity: Annotated[str, Choice(("client", "customer", "dual"))]
    agreement_ref: Id | None = None


@event("engagement-closed")
class EngagementClosed(Event):
    """We no longer act for the contact in this engagement."""

    engagement_id: Id


@event("disclosure-acknowledged")
class DisclosureAcknowledged(Event):
    """The contact signed that they know in which capacity we act. Source: E0."""

    engagement_id: Id
    form: Word
    form_version: Word


@event("need-discovered")
class NeedDiscovered(Event):
    """We found out what the contact says they need, and what they really need. Source: E0, E3."""

    need_id: OpeningId
    stated: PersonalText | None = None
    real: PersonalText | None = None


@event("need-met")
class NeedMet(Event):
    """A need of the contact was met."""

    need_id: Id
    stated: PersonalText | None = None
    real: PersonalText | None = None


@event("advice-given")
class AdviceGiven(Event):
    """We advised the contact. Source: E3."""

    advice_id: OpeningId
    need_id: Id | None = None
    summary: PersonalText | None = None


@event("advice-accepted")
class AdviceAccepted(Event):
    """The contact took our advice: trust, shown. Source: E3."""

    advice_id: Id
    need_id: Id | None = None
    summary: PersonalText | None = None


@event("advice-declined")
class AdviceDeclined(Event):
    """The contact did not take our advice."""

    advice_id: Id
    need_id: Id | None = None
    summary: PersonalText | None = None


@event("sale-declined")
class SaleDeclined(Event):
    """We turned a sale down in the contact's interest. Source: E3."""

    amount_minor: Amount
    currency: CurrencyCode
    reason: ExpectedText | None = None


@event("promise-made")
class PromiseMade(Event):
    """We promised the contact something, perhaps by a day. Source: E1."""

    promise_id: OpeningId
    due_on: DateText | None = None
    summary: PersonalText | None = None


@event("promise-kept")
class PromiseKept(Event):
    """We did what we had promised."""

    promise_id: Id


@event("promise-broken")
class PromiseBroken(Event):
    """We did not do what we had promised."""

    promise_id: Id


@event("complaint-raised")
class ComplaintRaised(Event):
    """The contact complained; severity 3 is the worst. Source: E1."""

    complaint_id: OpeningId
    severity: Annotated[int, Whole(1, 3)]
    public: YesNo


@event("complaint-acknowledged")
class ComplaintAcknowledged(Event):
    """We told the contact that we heard the complaint; its clock runs on."""

    complaint_id: Id


@event("complaint-resolved")
class ComplaintResolved(Event):
    """The complaint was settled, to the contact's satisfaction or not."""

    complaint_id: Id
    satisfied: YesNo | None = None


@event("complaint-reopened")
class ComplaintReopened(Event):
    """The contact came back on a complaint that had been resolved."""

    complaint_id: Id


@event("survey-answered")
class SurveyAnswered(Event):
    """The contact gave a score. Source: E4. NPS is 0..10, CSAT 1..5, CES 1..7."""

    metric: Annotated[str, Choice(("nps", "csat", "ces"))]
    score: Annotated[int, Whole(0, 10)]

    def check(self) -> Iterator[FieldError]:
        """The score lies on the metric's scale."""
        least, most = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}[self.metric]
        if not least <= self.score <= most:
            yield FieldError("/score", "contradiction", f"{self.metric} is from {least} to {most}")
