"""A second, slow reading of the scorecard's table, to hold the fold against.

Each letter is worked out afresh from the facts, one row of the table after the other. It shares the
history and the day arithmetic with the product, and none of its rules. Source: the care document,
section 4.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from domain.instants import DAY, day_of, start_of_day

if TYPE_CHECKING:
    from domain.history import Fact

Figures = dict[str, tuple[int, int, dict[str, int]]]
"""By letter: numerator, denominator, and what is counted beside it."""


class Table:
    """The facts up to an instant, asked plainly."""

    def __init__(self, facts: tuple[Fact, ...], zone: str, at: int, sla_days: int) -> None:
        self.facts = [fact for fact in facts if fact.occurred_at <= at]
        self.zone, self.at, self.sla = zone, at, sla_days * DAY

    def of(self, *types: str) -> list[Any]:
        return [fact for fact in self.facts if fact.event.TYPE in types]

    def in_year(self, instant: int) -> bool:
        return instant <= self.at < instant + 365 * DAY

    def year(self, *types: str) -> list[Any]:
        return [fact for fact in self.of(*types) if self.in_year(fact.occurred_at)]

    def after(self, opening: Any, name: str, *types: str) -> list[Any]:
        """The facts of these types about the same id, later in the order of the history."""
        place = self.facts.index(opening)
        return [
            fact
            for fact in self.facts[place + 1 :]
            if fact.event.TYPE in types
            and fact.scope == opening.scope
            and getattr(fact.event, name) == getattr(opening.event, name)
        ]

    def about(self, opening: Any, name: str, *types: str) -> list[Any]:
        """The facts of these types about the same id, whenever they occurred."""
        return [
            fact
            for fact in self.of(*types)
            if (fact.scope, getattr(fact.event, name))
            == (opening.scope, getattr(opening.event, name))
        ]

    def openings(self, type_name: str, name: str) -> list[Any]:
        """The facts that bring an id into the world, the first of each id."""
        found: dict[tuple[int, str], Any] = {}
        for fact in self.of(type_name):
            found.setdefault((fact.scope, getattr(fact.event, name)), fact)
        return list(found.values())


def figures(facts: tuple[Fact, ...], zone: str, at: int, sla_days: int) -> Figures:
    """The seven letters."""
    table = Table(facts, zone, at, sla_days)
    return {
        "C": (*_care(table), {}),
        "L": (_known(table), 66, {}),
        "I": _integrity(table),
        "E": _touches(table),
        "N": (*_needs(table), {}),
        "T": (*_timely(table), {}),
        "S": (*_satisfied(table), {}),
    }


def _care(table: Table) -> tuple[int, int]:
    last: dict[int, int] = {}
    for bought in table.openings("purchase-made", "purchase_id"):
        given_back = [
            fact.event.amount_minor
            for fact in table.of("purchase-reversed")
            if (fact.scope, fact.event.purchase_id) == (bought.scope, bought.event.purchase_id)
        ]
        if not given_back or sum(given_back) < bought.event.amount_minor:
            day = day_of(bought.occurred_at, table.zone)
            last[day] = max(last.get(day, bought.occurred_at), bought.occurred_at)
    days = [instant for instant in last.values() if table.in_year(instant)]
    kind = [fact.occurred_at for fact in table.of("gesture-made", "thanks-given")]
    return sum(any(t < one <= t + 30 * 24 * DAY // 24 for one in kind) for t in days), len(days)


def _known(table: Table) -> int:
    gone = {fact.scope for fact in table.of("personal-data-erased")}
    known = set()
    for fact in table.facts:
        event: Any = fact.event
        if fact.scope in gone:
            continue
        if event.TYPE == "profile-fact-learned":
            known.add(f"fact {event.section} {event.key}")
        if event.TYPE == "preference-learned":
            known.add(f"preference {event.key}")
        if event.TYPE == "occasion-learned":
            known.add(f"occasion {fact.scope} {event.occasion_id}")
    return len(known)


def _settled(table: Table) -> list[Any]:
    """The first word on each promise, also one from before it was made."""
    found = []
    for made in table.openings("promise-made", "promise_id"):
        words = table.about(made, "promise_id", "promise-kept", "promise-broken")
        found.append((made, words[0] if words else None))
    return found


def _integrity(table: Table) -> tuple[int, int, dict[str, int]]:
    words = [word for _, word in _settled(table) if word and table.in_year(word.occurred_at)]
    kept = [word for word in words if word.event.TYPE == "promise-kept"]
    beside = {
        "sales_declined": len(table.year("sale-declined")),
        "advice_given": len(table.year("advice-given")),
    }
    return len(kept), len(words), beside


def _touches(table: Table) -> tuple[int, int, dict[str, int]]:
    touches = table.year("touch-made")
    inbound = [fact for fact in touches if fact.event.direction == "inbound"]
    beside = {"testimonials": len(table.year("testimonial-given"))}
    return len(inbound), len(touches), beside


def _needs(table: Table) -> tuple[int, int]:
    found = [
        need
        for need in table.openings("need-discovered", "need_id")
        if table.in_year(need.occurred_at)
    ]
    return sum(bool(table.about(need, "need_id", "need-met")) for need in found), len(found)


def _runs(table: Table) -> list[tuple[int, Any]]:
    """Each run of a complaint's clock: since when, and the resolution that stopped it."""
    runs = []
    for raised in table.openings("complaint-raised", "complaint_id"):
        since: int | None = raised.occurred_at
        early = table.about(raised, "complaint_id", "complaint-resolved")[:1]
        if early and table.facts.index(early[0]) < table.facts.index(raised):
            runs.append((raised.occurred_at, early[0]))
            since = None
        for fact in table.after(raised, "complaint_id", "complaint-resolved", "complaint-reopened"):
            if fact.event.TYPE == "complaint-resolved" and since is not None:
                runs.append((since, fact))
                since = None
            elif fact.event.TYPE == "complaint-reopened" and since is None:
                since = fact.occurred_at
        if since is not None:
            runs.append((since, None))
    return runs


def _timely(table: Table) -> tuple[int, int]:
    due = [(since + table.sla, done) for since, done in _runs(table)]
    for made, word in _settled(table):
        if made.event.due_on is not None:
            day = date.fromisoformat(made.event.due_on) + timedelta(days=1)
            kept = word if word is not None and word.event.TYPE == "promise-kept" else None
            due.append((start_of_day(day, table.zone), kept))
    fallen = [(by, done) for by, done in due if table.in_year(by)]
    return sum(done is not None and done.occurred_at < by for by, done in fallen), len(fallen)


def _satisfied(table: Table) -> tuple[int, int]:
    points = []
    for fact in table.of("survey-answered")[-5:]:
        metric, score = fact.event.metric, fact.event.score
        points.append(
            {"nps": score * 10, "csat": (score - 1) * 25, "ces": (score - 1) * 100 // 6}[metric]
        )
    for _, done in _runs(table):
        if done and table.in_year(done.occurred_at) and done.event.satisfied is not None:
            points.append(100 * done.event.satisfied)
    return sum(points), 100 * len(points)
