"""The care document's section 6, read a second time over the events of a whole log, and slowly.

It shares no code with the book: histories and stages come from the second readings of those, money
is looked for anew in the events, and only what other lists answer is taken as given: the entries of
rewards, and whom referrals have the credit for.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.domain.history_oracle import effective, survivor_of
from tests.domain.oracle import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline

DAY = 86_400_000_000
FIGURES = (
    "gross",
    "refunds",
    "net",
    "purchases",
    "contacts",
    "gestures",
    "rewards",
    "contribution",
)


class Payment(NamedTuple):
    """A reward that was paid to a referrer, below 0 where it was given back."""

    referrer: UUID
    at: int
    currency: str
    minor: int


class Line(NamedTuple):
    """One movement of money, with all by which a book is divided."""

    kind: str
    contact: UUID
    at: int
    currency: str
    minor: int
    stage: str
    category: str | None
    steward: str | None


class Person:
    """One contact, as the second readings know them at an instant."""

    def __init__(
        self, log: Sequence[RecordedEvent], contact: UUID, policies: PolicyTimeline, at: int
    ) -> None:
        self.contact = contact
        whole: list[Any] = effective(log, contact)
        self.facts = [one for one in whole if one.occurred_at <= at]
        self.zone = "Europe/Amsterdam"
        # Of registrations and amendments the newest of the contact's own stream, whenever it is.
        for one in whole:
            named = one.event.TYPE in ("contact-registered", "registration-amended")
            if named and one.contact_id == contact and one.event.time_zone is not None:
                self.zone = one.event.time_zone
        judged = judge(_in_scopes(self.facts, contact), policies, self.zone, at)
        begins = judged.intervals
        ends = [start for start, _ in begins[1:]]
        self.stages = [
            (start, end, stage) for (start, stage), end in zip(begins, [*ends, at], strict=True)
        ]

    def stage_before(self, at: int) -> str:
        earlier = [stage for start, _, stage in self.stages if start < at]
        return earlier[-1] if earlier else "contact"

    def steward(self, at: int) -> str | None:
        said = [
            one.event.steward
            for one in self.facts
            if one.event.TYPE == "steward-assigned" and one.occurred_at <= at
        ]
        return said[-1] if said else None

    def purchases(self) -> list[tuple[Any, list[tuple[int, int]]]]:
        """Each purchase with what went back of it and when, no more than was left of it."""
        found, seen = [], set()
        for one in self.facts:
            if one.event.TYPE != "purchase-made":
                continue
            key = one.contact_id, one.event.purchase_id
            if key in seen:
                continue
            seen.add(key)
            left, back = one.event.amount_minor, []
            for other in self.facts:
                if other.event.TYPE != "purchase-reversed":
                    continue
                if (other.contact_id, other.event.purchase_id) == key:
                    taken = min(left, other.event.amount_minor)
                    left -= taken
                    back.append((max(other.occurred_at, one.occurred_at), taken))
            found.append((one, back))
        return found

    def lines(self) -> Iterable[Line]:
        for one, back in self.purchases():
            event, at = one.event, one.occurred_at
            under = self.stage_before(at), event.category, self.steward(at)
            yield Line("gross", self.contact, at, event.currency, event.amount_minor, *under)
            for when, taken in back:
                if taken:
                    yield Line("refunds", self.contact, when, event.currency, taken, *under)
        for one in self.facts:
            event, at = one.event, one.occurred_at
            if event.TYPE == "gesture-made":
                under = self.stage_before(at), None, self.steward(at)
                yield Line("gestures", self.contact, at, event.currency, event.cost_minor, *under)

    def days_bought(self, last: int) -> set[object]:
        """The days with a purchase up to an instant that was not given back in full by then."""
        found: set[object] = set()
        for one, back in self.purchases():
            gone = [
                sum(taken for _, taken in back[: place + 1]) >= one.event.amount_minor
                and when <= last
                for place, (when, _) in enumerate(back)
            ]
            if one.occurred_at <= last and not any(gone):
                instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=one.occurred_at)
                found.add(instant.astimezone(ZoneInfo(self.zone)).date())
        return found


def _in_scopes(facts: Sequence[Any], contact: UUID) -> list[Any]:
    """The facts as the reading of stages takes them, in which streams are told apart by number."""
    numbers: dict[UUID, int] = {contact: 0}
    return [_Scoped(one, numbers.setdefault(one.contact_id, len(numbers))) for one in facts]


class _Scoped:
    def __init__(self, one: Any, scope: int) -> None:
        self.occurred_at, self.position = one.occurred_at, one.position
        self.id, self.event, self.contact_id = one.id, one.event, one.contact_id
        self.scope = scope


def month_at(at: int) -> str:
    """The month in the ledger's time zone."""
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return instant.astimezone(ZoneInfo("Europe/Amsterdam")).strftime("%Y-%m")


class SlowBook:
    """The book of months from one to another, both included, or open where they are None."""

    def __init__(
        self,
        log: Sequence[RecordedEvent],
        policies: PolicyTimeline,
        at: int,
        payments: Iterable[Payment],
        referred: set[UUID],
    ) -> None:
        contacts = {survivor_of(log, one.contact_id) for one in log if one.contact_id.int}
        registered = {
            survivor_of(log, one.contact_id) for one in log if one.type == "contact-registered"
        }
        self._people = {one: Person(log, one, policies, at) for one in contacts & registered}
        self._referred, self._at = referred, at
        self._lines = [line for one in self._people.values() for line in one.lines()]
        for paid in payments:
            stage = self._people[paid.referrer].stage_before(paid.at)
            self._lines.append(
                Line(
                    "rewards", paid.referrer, paid.at, paid.currency, paid.minor, stage, None, None
                )
            )

    def rows(self, by: str, first: str | None, last: str | None) -> dict[Any, dict[str, Any]]:
        """The figures by (key, currency); by None they are the totals."""
        found: dict[Any, dict[str, Any]] = {}
        buyers: dict[Any, set[UUID]] = defaultdict(set)
        left_out = {"category": {"gestures", "rewards"}, "steward": {"rewards"}}.get(by, set())
        for line in self._within(first, last):
            if line.kind in left_out:
                continue
            key = {
                "month": month_at(line.at),
                "stage": line.stage,
                "contact": str(line.contact),
                "category": line.category,
                "steward": line.steward,
                "all": None,
            }[by]
            row = found.setdefault((key, line.currency), dict.fromkeys(FIGURES, 0))
            row[line.kind] += line.minor
            if line.kind == "gross":
                row["purchases"] += 1
                buyers[key, line.currency].add(line.contact)
        for place, row in found.items():
            row["contacts"] = len(buyers[place])
            row["net"] = row["gross"] - row["refunds"]
            row["contribution"] = row["net"] - row["gestures"] - row["rewards"]
            if left_out:
                row.update(dict.fromkeys({*left_out, "contribution"}))
        return found

    def _within(self, first: str | None, last: str | None) -> list[Line]:
        return [
            line
            for line in self._lines
            if (first is None or first <= month_at(line.at))
            and (last is None or month_at(line.at) <= last)
        ]

    def beside(
        self, first: str | None, last: str | None, start: int | None, end: int | None
    ) -> dict[str, tuple[int | None, ...]]:
        """By currency, in the order of the answer; ``start`` and ``end`` bound the period."""
        lines = [one for one in self._within(first, last) if one.kind in ("gross", "refunds")]
        found: dict[str, tuple[int | None, ...]] = {}
        for currency in {one.currency for one in lines}:
            own = [one for one in lines if one.currency == currency]
            nets: dict[UUID, int] = defaultdict(int)
            in_stage: dict[str, int] = defaultdict(int)
            for one in own:
                signed = one.minor if one.kind == "gross" else -one.minor
                nets[one.contact] += signed
                in_stage[one.stage] += signed
            years = []
            for stage in ("client", "customer"):
                days = self._spent(stage, start, end) // DAY
                years.append(in_stage[stage] * 365 // days if days else None)
            client, customer = years
            ratio = None
            if client is not None and customer is not None and customer > 0:
                ratio = 100 * client // customer
            buyers = {one.contact for one in own if one.kind == "gross"}
            last_instant = self._at if end is None else end - 1
            again = [one for one in buyers if len(self._people[one].days_bought(last_instant)) > 1]
            total = sum(nets.values())
            referred = sum(minor for one, minor in nets.items() if one in self._referred)
            top = sum(sorted(nets.values())[-10:])
            found[currency] = (
                client,
                customer,
                ratio,
                100 * len(again) // len(buyers) if buyers else None,
                100 * referred // total if total > 0 else None,
                100 * top // total if total > 0 else None,
            )
        return found

    def _spent(self, stage: str, start: int | None, end: int | None) -> int:
        spent = 0
        for one in self._people.values():
            for begun, ended, name in one.stages:
                if name == stage:
                    low = begun if start is None else max(begun, start)
                    high = ended if end is None else min(ended, end)
                    spent += max(0, high - low)
        return spent

    def changes(self, start: int | None, end: int | None) -> tuple[int, int, int]:
        """New clients, falls, regained."""
        new = falls = again = 0
        for one in self._people.values():
            before = False
            for place, (begun, ended, name) in enumerate(one.stages):
                if name != "client":
                    continue
                if (start is None or start <= begun) and (end is None or begun < end):
                    again += before
                    new += not before
                before = True
                goes_on = place == len(one.stages) - 1
                if goes_on or one.stages[place + 1][2] == "ended":
                    continue
                falls += (start is None or start <= ended) and (end is None or ended < end)
        return new, falls, again
