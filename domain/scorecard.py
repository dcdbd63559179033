"""The care scorecard: how well we treated a contact over a year, in the seven letters of E0.

Windows are half-open, as everywhere: an instant lies in the last 365 days from itself up to, not
including, 365 x 24 hours later. Source: the care document, section 4; E0's mnemonic CLIENTS.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from domain.agenda.keeping import known_things
from domain.agenda.owed import day_after
from domain.commerce import Commerce, Purchase
from domain.events.care import GestureMade, TestimonialGiven, ThanksGiven, TouchMade
from domain.events.commerce import PurchaseMade, PurchaseReversed
from domain.events.contacts import OccasionLearned, PreferenceLearned, ProfileFactLearned
from domain.events.governance import PersonalDataErased
from domain.events.service import (
    AdviceGiven,
    ComplaintResolved,
    PromiseMade,
    SaleDeclined,
    SurveyAnswered,
)
from domain.instants import DAY
from domain.matters import Matters, matters_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from domain.events import Event
    from domain.history import Fact, History
    from domain.policy import Policy

WINDOW = 365 * DAY
"""How far back a scorecard looks."""

FOLLOW = 30 * DAY
"""How soon after a day of purchases a gesture or thanks follow it."""

THINGS = 66
"""How many things a good salesman knows about a customer. Source: E4."""

SURVEYS = 5
"""How many of the last surveys count, whatever their age."""

READ: tuple[str, ...] = (
    "advice-given",
    "complaint-raised",
    "complaint-reopened",
    "complaint-resolved",
    "contact-registered",
    "event-corrected",
    "event-retracted",
    "gesture-made",
    "need-discovered",
    "need-met",
    "occasion-learned",
    "personal-data-erased",
    "preference-learned",
    "profile-fact-learned",
    "promise-broken",
    "promise-kept",
    "promise-made",
    "purchase-made",
    "purchase-reversed",
    "registration-amended",
    "sale-declined",
    "survey-answered",
    "testimonial-given",
    "thanks-given",
    "touch-made",
)
"""The types of events that a scorecard rests on; a history of these has the same scorecard."""

NAMES: Mapping[str, str] = {
    "C": "care",
    "L": "learn",
    "I": "integrity",
    "E": "energize, earn",
    "N": "needs",
    "T": "treatment, timeliness",
    "S": "satisfy, solve",
}
"""The letters in their order, with what each stands for."""


class Letter(NamedTuple):
    """One letter: so much of so much, by these events, and what is counted beside it.

    ``events`` are in the order of the history; those of the whole ledger are not listed.
    """

    letter: str
    numerator: int
    denominator: int
    events: tuple[UUID, ...] = ()
    beside: Mapping[str, int] = {}

    @property
    def name(self) -> str:
        """What the letter stands for."""
        return NAMES[self.letter]

    @property
    def percent(self) -> int | None:
        """The part in percent, rounded down, at most 100; None where there is nothing to rate."""
        if not self.denominator:
            return None
        return min(100 * self.numerator // self.denominator, 100)


@dataclass(frozen=True)
class Scorecard:
    """The letters as of an instant, in the order of the word."""

    at: int
    letters: tuple[Letter, ...]

    @property
    def overall(self) -> int | None:
        """The mean of the letters that have a percentage, rounded down."""
        rated = [one.percent for one in self.letters if one.percent is not None]
        return sum(rated) // len(rated) if rated else None


def scorecard(history: History, policy: Policy, ledger_time_zone: str | None, at: int) -> Scorecard:
    """How well we treated a contact, by what happened up to and including the instant.

    ``policy`` is the one in force then: its deadline for complaints decides what was in time.
    """
    time_zone = history.time_zone or ledger_time_zone or "UTC"
    seen = _Year([fact for fact in history.facts if fact.occurred_at <= at], time_zone, at)
    letters = (
        _care(seen),
        _learn(seen),
        _integrity(seen),
        _energize(seen),
        _needs(seen),
        _treatment(seen, policy.signals.complaint.sla_days * DAY),
        _satisfy(seen),
    )
    return Scorecard(at, letters)


class _Year:
    """The facts up to an instant, and which instants lie in the year before it."""

    def __init__(self, facts: list[Fact], time_zone: str, at: int) -> None:
        self.time_zone = time_zone
        self.at = at
        self.matters: Matters = matters_of(facts)
        self._places = {fact.id: place for place, fact in enumerate(facts)}
        self._by_type: dict[type[Event], list[Fact]] = {}
        for fact in facts:
            self._by_type.setdefault(type(fact.event), []).append(fact)

    def has(self, instant: int) -> bool:
        """Whether an instant lies in the year."""
        return self.at - WINDOW < instant <= self.at

    def of(self, *kinds: type[Event]) -> list[Fact]:
        """The facts of these types, of whatever age, in their order."""
        found = [fact for kind in kinds for fact in self._by_type.get(kind, ())]
        return found if len(kinds) == 1 else sorted(found, key=lambda one: self._places[one.id])

    def recent(self, *kinds: type[Event]) -> list[Fact]:
        """The facts of these types in the year."""
        return [fact for fact in self.of(*kinds) if self.has(fact.occurred_at)]

    def letter(
        self,
        letter: str,
        numerator: int,
        denominator: int,
        events: Iterable[UUID],
        **beside: int,
    ) -> Letter:
        """A letter with its events in the order of the history, each once."""
        ordered = sorted(set(events), key=self._places.__getitem__)
        return Letter(letter, numerator, denominator, tuple(ordered), beside)


def _care(seen: _Year) -> Letter:
    """The days of purchases that a gesture or thanks followed."""
    commerce = Commerce(seen.time_zone)
    for fact in seen.of(PurchaseMade, PurchaseReversed):
        commerce.absorb(fact)
    last_of_day: dict[int, Purchase] = {}
    for purchase in commerce.counted_purchases():
        last = last_of_day.get(purchase.day)
        if last is None or purchase.occurred_at >= last.occurred_at:
            last_of_day[purchase.day] = purchase
    days = [one for one in last_of_day.values() if seen.has(one.occurred_at)]
    acts = seen.of(GestureMade, ThanksGiven)
    instants = [fact.occurred_at for fact in acts]
    followed: list[UUID] = []
    for day in days:
        place = bisect_right(instants, day.occurred_at)
        if place < len(acts) and instants[place] <= day.occurred_at + FOLLOW:
            followed.append(acts[place].id)
    events = [*(day.fact_id for day in days), *followed]
    return seen.letter("C", len(followed), len(days), events)


def _learn(seen: _Year) -> Letter:
    """The distinct things that we know. What was erased with its stream is not known."""
    erased = {fact.scope for fact in seen.of(PersonalDataErased)}
    learned = [
        fact
        for fact in seen.of(ProfileFactLearned, PreferenceLearned, OccasionLearned)
        if fact.scope not in erased
    ]
    return seen.letter("L", len(known_things(learned)), THINGS, [fact.id for fact in learned])


def _integrity(seen: _Year) -> Letter:
    """The promises that we kept, of those that we kept or broke."""
    settled = [
        one
        for one in seen.matters.promises.values()
        if one.settled is not None and seen.has(one.settled.occurred_at)
    ]
    kept = sum(one.kept is not None for one in settled)
    declined, advice = seen.recent(SaleDeclined), seen.recent(AdviceGiven)
    events = [one.settled.id for one in settled if one.settled]
    events += [fact.id for fact in (*declined, *advice)]
    counts = {"sales_declined": len(declined), "advice_given": len(advice)}
    return seen.letter("I", kept, len(settled), events, **counts)


def _energize(seen: _Year) -> Letter:
    """The touches that came from them, of all touches."""
    touches = seen.recent(TouchMade)
    inbound = sum(getattr(fact.event, "direction", "") == "inbound" for fact in touches)
    testimonials = seen.recent(TestimonialGiven)
    events = [fact.id for fact in (*touches, *testimonials)]
    return seen.letter("E", inbound, len(touches), events, testimonials=len(testimonials))


def _needs(seen: _Year) -> Letter:
    """The needs that we met, of those found in the year."""
    needs = [one for one in seen.matters.needs.values() if seen.has(one.found.occurred_at)]
    met = [one.met.id for one in needs if one.met is not None]
    return seen.letter("N", len(met), len(needs), [*(one.found.id for one in needs), *met])


def _treatment(seen: _Year, sla: int) -> Letter:
    """What was done by its deadline, of what fell due in the year.

    Each run of a complaint's clock is due by itself. A promise without a date is never due.
    """
    due: list[tuple[int, Fact, Fact | None]] = [
        (clock.begun.occurred_at + sla, clock.begun, clock.resolved)
        for clock in seen.matters.clocks
    ]
    for promise in seen.matters.promises.values():
        made = promise.made.event
        if isinstance(made, PromiseMade) and made.due_on is not None:
            due_at = day_after(made.due_on, seen.time_zone)
            due.append((due_at, promise.made, promise.kept))
    fallen = [one for one in due if seen.has(one[0])]
    in_time = [
        done.id for due_at, _, done in fallen if done is not None and done.occurred_at < due_at
    ]
    return seen.letter(
        "T", len(in_time), len(fallen), [*(one.id for _, one, _ in fallen), *in_time]
    )


def _satisfy(seen: _Year) -> Letter:
    """The mean of the last surveys, and of the resolutions that did or did not satisfy them."""
    points: list[int] = []
    events: list[UUID] = []
    for fact in seen.of(SurveyAnswered)[-SURVEYS:]:
        if isinstance(fact.event, SurveyAnswered):
            points.append(survey_points(fact.event))
            events.append(fact.id)
    for clock in seen.matters.clocks:
        resolved = clock.resolved
        if resolved is None or not seen.has(resolved.occurred_at):
            continue
        if isinstance(resolved.event, ComplaintResolved) and resolved.event.satisfied is not None:
            points.append(100 if resolved.event.satisfied else 0)
            events.append(resolved.id)
    return seen.letter("S", sum(points), 100 * len(points), events)


def survey_points(answer: SurveyAnswered) -> int:
    """The answer on a scale from 0 to 100.

    >>> survey_points(SurveyAnswered(metric="ces", score=6))
    83
    """
    if answer.metric == "nps":
        return answer.score * 10
    if answer.metric == "csat":
        return (answer.score - 1) * 25
    return (answer.score - 1) * 100 // 6


@dataclass
class ScorecardMeans:
    """The scorecard of many contacts: of each letter the mean over those who have it.

    ``count`` is how many were added.
    """

    at: int
    count: int = 0
    _sums: dict[str, int] = field(default_factory=dict)
    _rated: dict[str, int] = field(default_factory=dict)
    _beside: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, card: Scorecard) -> None:
        """Take in one contact's."""
        self.count += 1
        for one in card.letters:
            counts = self._beside.setdefault(one.letter, {})
            for name, count in one.beside.items():
                counts[name] = counts.get(name, 0) + count
            if one.percent is not None:
                self._sums[one.letter] = self._sums.get(one.letter, 0) + one.percent
                self._rated[one.letter] = self._rated.get(one.letter, 0) + 1

    def result(self) -> Scorecard:
        """The means, rounded down: each a sum of percentages, of 100 for everybody who has it.

        What is counted beside a letter is summed over everybody.
        """
        return Scorecard(self.at, tuple(self._means()))

    def _means(self) -> Iterator[Letter]:
        for letter in NAMES:
            rated = self._rated.get(letter, 0)
            beside = self._beside.get(letter) or dict.fromkeys(_BESIDE.get(letter, ()), 0)
            yield Letter(letter, self._sums.get(letter, 0), 100 * rated, (), beside)


_BESIDE: Mapping[str, Sequence[str]] = {
    "I": ("sales_declined", "advice_given"),
    "E": ("testimonials",),
}
"""What is counted beside a letter."""
