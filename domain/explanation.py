"""A status in sentences for a shop owner. Programs read the evidence instead.

The sentences say only what the evidence says: the stage, its reasons, the score, what would change
it, and when it will change by itself. The same relationship always gives the same sentences.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from domain.causes import because_of_breakpoint, because_of_event
from domain.instants import HOUR, day_of
from domain.phrases import Phrases, count_of, day_in_words
from domain.rising import has_engagements, has_subscriptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.commerce import Silence
    from domain.evidence import SignalReading, WouldChange
    from domain.intervals import Interval
    from domain.relationship import Relationship

STAGE_WORDS = {
    "contact": "Contact",
    "prospect": "Prospect",
    "customer": "Customer",
    "client": "Client",
    "lapsed_customer": "Lapsed customer",
    "lapsed_client": "Lapsed client",
    "ended": "Ended",
}

_REASONS = {
    "retracted": "retracted",
    "reversed": "refunded in full",
    "opening-not-before": "about something that had not begun by then",
    "cancelled-before": "about a subscription that had been cancelled",
}
"""Why events do not count, by the code of the reason."""

_ORDER = ("contact", "prospect", "lapsed_customer", "lapsed_client", "customer", "client")
"""The stages in ascending order, which tells a rise from a fall."""

_TROUBLES = ("complaint", "promise")
"""The signals that speak against a contact, whatever points they have."""

MOST_CHANGES = 3
"""How many possible changes the sentences name; the evidence lists all of them."""


def explain(
    found: Relationship, *, name: str | None = None, erased: bool = False
) -> tuple[str, ...]:
    """The status as sentences, the most important first. ``erased``: some evidence was erased.

    ``name`` is what the owner calls the contact, for the first sentence.
    """
    return tuple(_Explanation(found, name).sentences(erased=erased))


def explain_interval(interval: Interval, time_zone: str) -> str:
    """One interval in one stage, and the cause that began it, in a sentence."""
    began = _day(interval.from_at, time_zone)
    until = f" to {_day(interval.to_at, time_zone)}" if interval.to_at is not None else " on"
    cause = interval.cause
    if cause.kind == "event":
        why = because_of_event(cause.name)
    elif cause.kind == "policy":
        why = f"because {cause.name} of the policy took effect"
    else:
        why = because_of_breakpoint(cause.name)
    return f"{STAGE_WORDS[interval.stage]} from {began}{until}, {why}."


class _Explanation:
    """The sentences of one relationship."""

    def __init__(self, found: Relationship, name: str | None) -> None:
        self._found = found
        self._name = name
        self._time_zone = found.machine.time_zone
        regular_days = found.policy.signals.regularity.purchase_days
        self._phrases = Phrases(self._format_day, regular_days)
        self._is_set_by_hand = found.machine.overriding(found.at) is not None
        self._facts = {fact.id: fact for fact in found.history.facts}

    def sentences(self, *, erased: bool) -> Iterator[str]:
        found = self._found
        if found.since is None:
            yield f"Nothing is known about {self._name or 'them'} at that time."
            return
        ended = found.stage == "ended"
        signals = () if ended else found.signals()
        pros, cons = self._sides([one for one in signals if one.on])
        yield self._stage(pros)
        if self._is_set_by_hand:
            by_rule = STAGE_WORDS[found.machine.underlying].lower()
            yield f"The stage was set by hand; according to the rules it would be {by_rule}."
        yield from self._so_far(signals)
        if cons:
            yield f"On the other hand, {self._list(cons)}."
        if not ended:
            yield from self._score()
            yield from self._changes()
        yield from self._ahead()
        yield from self._left_out()
        if found.rests_on == "frequency":
            yield "The stage rests on how often they buy, not on their allegiance."
        if erased:
            yield "Personal data was erased, and what rested on it is not shown."

    def _sides(self, on: list[SignalReading]) -> tuple[list[SignalReading], list[SignalReading]]:
        """The signals that speak for them and against them; each custom kind is taken by itself."""
        sides: tuple[list[SignalReading], list[SignalReading]] = ([], [])
        for one in on:
            if one.name != "custom":
                sides[one.name in _TROUBLES].append(one)
                continue
            worth = self._found.policy.signals.custom
            for side, is_against in zip(sides, (False, True), strict=True):
                kinds = {
                    kind: count
                    for kind, count in one.value.items()
                    if count and (worth[kind].points < 0) is is_against
                }
                if kinds:
                    side.append(one._replace(value=kinds))
        return sides

    def _stage(self, reasons: list[SignalReading]) -> str:
        found = self._found
        assert found.since is not None
        words, day = STAGE_WORDS[found.stage], self._format_day(found.since)
        if self._name is None:
            stage = f"{words} since {day}"
        elif found.stage == "ended":
            stage = f"The relationship with {self._name} has been over since {day}"
        else:
            stage = f"{self._name} has been a {words.lower()} since {day}"
        return f"{stage}: {self._list(reasons)}." if reasons else f"{stage}."

    def _so_far(self, signals: Sequence[SignalReading]) -> Iterator[str]:
        """How many purchases count so far, for a contact who does not buy regularly."""
        for one in signals:
            if one.name == "regularity" and not one.on and one.value.get("purchase_days"):
                bought = self._phrases.reading(one.name, one.value, one.threshold, ())
                silence = self._found.silence
                enough = one.value["purchase_days"] >= one.threshold["purchase_days"]  # type: ignore[operator]  # both are counts
                if enough and silence is not None:
                    last = self._format_day(silence.last_at)
                    silent = f"they are silent since {last}"
                    yield f"They no longer buy regularly: {bought}, but {silent}."
                else:
                    yield f"They do not buy regularly yet: {bought}."

    def _list(self, readings: list[SignalReading]) -> str:
        clauses = []
        for one in readings:
            behind = [self._facts[event] for event in one.events if event in self._facts]
            clauses.append(self._phrases.reading(one.name, one.value, one.threshold, behind))
        return "; ".join(clauses)

    def _score(self) -> Iterator[str]:
        rule = self._found.policy.stage
        score = f"The score is {self._found.score}"
        if self._found.machine.underlying == "client":
            yield f"{score}; a client needs at least {rule.stay_score} to stay one."
            return
        lacks = []
        if not self._found.machine.board.is_anchored():
            anchors = " or ".join(self._anchors())
            lacks.append(f"something lasting ({anchors})" if anchors else "something lasting")
        if "complaint_hold" in self._found.flags:
            severity = self._found.policy.signals.complaint.hold_severity
            lacks.append(f"no complaint of severity {severity} or more past its deadline")
        also = f", and also {' and '.join(lacks)}" if lacks else ""
        yield f"{score}; to become a client they need {rule.promotion_score}{also}."

    def _anchors(self) -> Iterator[str]:
        """The anchors that may well come in this trade."""
        policy, machine = self._found.policy, self._found.machine
        if has_engagements(machine, policy):
            yield "an engagement"
        if policy.signals.regularity.purchase_days is not None:
            yield "regular purchases"
        if has_subscriptions(machine, policy):
            yield "a renewal without a reminder"

    def _changes(self) -> Iterator[str]:
        """The strongest possible changes of the stage, which all lead to the same stage.

        An engagement is not named to a trade that has none.
        """
        changes = self._found.would_change()
        if not has_engagements(self._found.machine, self._found.policy):
            changes = tuple([one for one in changes if one.change != "engagement"])
        if not changes:
            return
        strongest: list[WouldChange] = sorted(changes, key=lambda one: -abs(one.points))
        names = [self._phrases.change(one.change) for one in strongest[:MOST_CHANGES]]
        more = len(changes) - len(names)
        if more:
            names.append("one other change" if more == 1 else f"one of {more} other changes")
        one_of = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
        stage = STAGE_WORDS[changes[0].stage].lower()
        by_rule = " according to the rules" if self._is_set_by_hand else ""
        yield f"One change is enough to make them a {stage}{by_rule}: {one_of}."

    def _ahead(self) -> Iterator[str]:
        ahead = self._found.will_change()
        if ahead is None:
            if self._found.silence is not None and "quiet" in self._found.flags:
                yield "They are quieter than usual."
            return
        if "quiet" in self._found.flags:
            yield "They are quieter than usual."
        moves = "change to"
        if {ahead.stage, self._found.stage} <= set(_ORDER):
            falls = _ORDER.index(ahead.stage) < _ORDER.index(self._found.stage)
            moves = "fall back to" if falls else "rise to"
        stage = STAGE_WORDS[ahead.stage].lower()
        on, why = self._format_day(ahead.at), because_of_breakpoint(ahead.because)
        silence = self._found.silence
        if silence is not None and ahead.because == "demote_at" and ahead.at == silence.demote_at:
            yield self._wait(silence, on)
        yield f"If nothing happens, they {moves} {stage} on {on}, {why}."

    def _wait(self, silence: Silence, on: str) -> str:
        """When they are due to buy, by their present rhythm where that says it, and the fall."""
        wait = count_of(self._found.policy.rhythm.demote_after_days, "day")
        if silence.due_at != silence.last_at + silence.rho_hours * HOUR:
            tense = "were" if silence.due_at <= self._found.at else "are"
            due = f"{tense} due on {self._format_day(silence.due_at)}"
        else:
            every_days = max((silence.rho_hours + 12) // 24, 1)
            due = "are due every day" if every_days == 1 else f"are due every {every_days} days"
        return f"They {due}; a client falls {wait} after that, on {on}."

    def _left_out(self) -> Iterator[str]:
        counts: dict[str, int] = {}
        for one in self._found.exclusions():
            reason = _REASONS[one.reason]
            counts[reason] = counts.get(reason, 0) + 1
        if counts:
            total = sum(counts.values())
            reasons = ", ".join(f"{count} {reason}" for reason, count in counts.items())
            noun = "event does" if total == 1 else "events do"
            yield f"{total} {noun} not count: {reasons}."

    def _format_day(self, instant: int) -> str:
        """The day in the contact's time zone, with the year if ``as_of`` is in another year."""
        day = date.fromordinal(day_of(instant, self._time_zone))
        as_of = date.fromordinal(day_of(self._found.at, self._time_zone))
        return day_in_words(day, as_of)


def _day(instant: int, time_zone: str) -> str:
    return day_in_words(date.fromordinal(day_of(instant, time_zone)))
