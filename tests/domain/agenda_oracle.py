"""The table of the care document, section 2, read a second time: slowly, and by nothing of ours.

It asks the relationship for stages and flags at instants, and the rewards for what is owed, which
have second readings of their own. All else is read off the list of facts, kind by kind.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from domain.history import Fact
    from domain.relationship import Relationship

Row = tuple[str, str | None, int, int]
"""Kind, subject, when it opened and when it is due."""

WithState = tuple[str, str | None, int, int, bool, int | None]
"""A row, whether it is muted, and until when it is put off."""

DAY = 86_400_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OURS = {
    "thanks-given", "gesture-made", "greeting-sent", "recognition-given", "advice-given",
    "resource-shared", "complaint-acknowledged", "reward-paid",
}  # fmt: skip  # as the document lists them
THEIRS = {
    "visit-made", "survey-answered", "complaint-raised", "testimonial-given", "thanks-received",
    "subscription-started",
}  # fmt: skip  # as the document lists them


class Reading:
    """One contact at an instant; ``relationship_at`` answers for any earlier one."""

    def __init__(
        self,
        facts: list[Fact],
        at: int,
        relationship_at: Callable[[int], Relationship],
        time_zone: str,
    ) -> None:
        self.facts = [one for one in facts if one.occurred_at <= at]
        self.at = at
        self.relationship_at = relationship_at
        self.now = relationship_at(at)
        self.policy = self.now.policy
        self.zone = ZoneInfo(time_zone)
        self.acts = [one for one in self.facts if self.turned_to_them(one)]
        since = self.now.since
        self.since = at if since is None else since

    def rows_with_state(self) -> set[WithState]:
        """Every item of the contact's own history, and what hides it."""
        found = set()
        for row in self.rows():
            kind, subject, opens_at, _ = row
            key = kind if subject is None else f"{kind}:{subject}"
            found.add((*row, self.muted(kind), self.deferred_until(key, opens_at)))
        return found

    def rows(self) -> set[Row]:
        """Every item of the contact's own history."""
        found = {
            row
            for rule in (
                self.disclosure, self.complaint, self.promise, self.thanks, self.keep,
                self.renewal, self.occasion, self.need, self.competitor, self.touch, self.ask,
                self.gesture, self.learn,
            )
            for row in rule()
            if row[2] <= self.at
        }  # fmt: skip  # the kinds in the order of the table
        if self.now.stage == "ended" or self.of("personal-data-erased"):
            return {row for row in found if row[0] in ("disclosure", "complaint", "promise")}
        return found

    def muted(self, kind: str) -> bool:
        """Whether all that was said about the purpose of a kind is refused now."""
        purpose = "greetings" if kind == "occasion" else "marketing"
        if kind not in ("keep", "renewal", "occasion", "touch", "ask"):
            return False
        said: dict[str, bool] = {}
        for one in self.of("consent-changed"):
            event: Any = one.event
            if event.purpose == purpose:
                said[event.channel] = event.granted
        return bool(said) and True not in said.values()

    def deferred_until(self, key: str, opened_at: int) -> int | None:
        """Until when an item that opened then was put off last."""
        put_off: list[Any] = [
            one.event
            for one in self.of("action-deferred")
            if one.occurred_at >= opened_at and one.event.item == key  # type: ignore[attr-defined]  # it has one
        ]
        return put_off[-1].until if put_off else None

    def of(self, *types: str) -> list[Fact]:
        return [one for one in self.facts if one.event.TYPE in types]

    @staticmethod
    def turned_to_them(fact: Fact) -> bool:
        event: Any = fact.event
        if event.TYPE in ("touch-made", "referral-made"):
            return bool(event.direction == "outbound")
        return event.TYPE in OURS

    def same(self, fact: Fact, other: Fact, name: str) -> bool:
        """Both are of one stream and name one thing."""
        mine, theirs = getattr(fact.event, name), getattr(other.event, name, None)
        return fact.contact_id == other.contact_id and mine == theirs

    def opened(self, type_name: str, name: str) -> Iterator[tuple[Fact, Any]]:
        """The first opening under each id of each stream."""
        seen: set[tuple[object, object]] = set()
        for one in self.of(type_name):
            key = one.contact_id, getattr(one.event, name)
            if key not in seen:
                seen.add(key)
                yield one, one.event

    def standing_purchases(self) -> list[Fact]:
        """The purchases that are not reversed in full by now."""
        found = []
        for one, event in self.opened("purchase-made", "purchase_id"):
            back = [
                other.event.amount_minor  # type: ignore[attr-defined]  # a reversal has one
                for other in self.of("purchase-reversed")
                if self.same(one, other, "purchase_id")
            ]
            if not back or sum(back) < event.amount_minor:
                found.append(one)
        return found

    def midnight(self, day: date) -> int:
        """The first instant of a day, found by looking at every quarter of an hour around it."""
        quarter = timedelta(minutes=15)
        begins = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=26)
        while begins.astimezone(self.zone).date() < day:
            begins += quarter
        return (begins - EPOCH) // timedelta(microseconds=1)

    def disclosure(self) -> Iterator[Row]:
        for one, event in self.opened("engagement-opened", "engagement_id"):
            later = self.facts[self.facts.index(one) :]
            signed = self.of("disclosure-acknowledged")
            closed = [other for other in later if other.event.TYPE == "engagement-closed"]
            over = [other for other in (*signed, *closed) if self.same(one, other, "engagement_id")]
            if self.policy.disclosure_required and not over and event:
                yield "disclosure", str(one.id), one.occurred_at, one.occurred_at

    def complaint(self) -> Iterator[Row]:
        for one, _ in self.opened("complaint-raised", "complaint_id"):
            opening: Fact | None = one
            place = self.facts.index(one)
            about = [other for other in self.facts if self.same(one, other, "complaint_id")]
            if any(
                o.event.TYPE == "complaint-resolved" for o in about if self.facts.index(o) < place
            ):
                opening = None
            for other in about:
                if self.facts.index(other) < place:
                    continue
                if other.event.TYPE == "complaint-resolved":
                    opening = None
                elif other.event.TYPE == "complaint-reopened" and opening is None:
                    opening = other
            if opening is not None:
                at = opening.occurred_at
                days = self.policy.signals.complaint.sla_days
                yield "complaint", str(opening.id), at, at + days * DAY

    def promise(self) -> Iterator[Row]:
        for one, event in self.opened("promise-made", "promise_id"):
            over = self.of("promise-kept", "promise-broken")
            if any(self.same(one, other, "promise_id") for other in over):
                continue
            due_at = one.occurred_at + 14 * DAY
            if event.due_on:
                due_at = self.midnight(date.fromisoformat(event.due_on) + timedelta(days=1))
            yield "promise", str(one.id), one.occurred_at, due_at

    def thanks(self) -> Iterator[Row]:
        owed: list[tuple[Fact, int, int]] = []
        for interval in self.now.intervals:
            bought = [o for o in self.standing_purchases() if o.occurred_at == interval.from_at]
            if bought and interval.stage in ("customer", "client"):
                owed.append((bought[-1], interval.from_at, bought[-1].position))
        owed += [(one, one.occurred_at, one.position) for one in self.of("testimonial-given")]
        for one in self.of("referral-made"):
            event: Any = one.event
            if event.direction == "inbound" and event.other not in self.group:
                stated = [
                    (other.occurred_at, other.position)
                    for other in self.of("referral-made", "referral-level-raised")
                    if other.event.level >= 1  # type: ignore[attr-defined]  # both have one
                    and (other is one or other.event.TYPE == "referral-level-raised")
                    and self.same(one, other, "referral_id")
                ]
                if stated:
                    owed.append((one, *max(min(stated), (one.occurred_at, one.position))))
        for one, opens_at, position in owed:
            given = any(
                act.event.for_event == one.id  # type: ignore[attr-defined]  # thanks have one
                or (
                    act.event.for_event is None  # type: ignore[attr-defined]  # thanks have one
                    and (act.occurred_at, act.position) > (opens_at, position)
                )
                for act in self.of("thanks-given")
            )
            if not given and self.at < opens_at + 30 * DAY:
                yield "thanks", str(one.id), opens_at, opens_at + 2 * DAY

    group: Any = ()

    def keep(self) -> Iterator[Row]:
        instants = sorted({self.at, *self.looked_at()})
        for flag in ("quiet", "falling"):
            since = None
            for instant in reversed(instants):
                if flag not in self.relationship_at(instant).flags:
                    break
                since = instant
            if since is None or self.relationship_at(since).stage != "client":
                continue
            done = [*self.acts, *self.standing_purchases()]
            if not any(one.occurred_at >= since for one in done):
                told = (EPOCH + timedelta(microseconds=since)).isoformat().replace("+00:00", "Z")
                yield "keep", f"{flag}@{told}", since, since

    def looked_at(self) -> Iterator[int]:
        """Every instant up to now at which anything of the relationship may change."""
        at = min((one.occurred_at for one in self.facts), default=self.at)
        while at <= self.at:
            yield at
            following = self.relationship_at(at).next_breakpoint
            if following is None:
                return
            at = following

    def renewal(self) -> Iterator[Row]:
        for one, event in self.opened("subscription-started", "subscription_id"):
            begun, automatic, over = one.occurred_at, False, False
            for other in self.facts[self.facts.index(one) + 1 :]:
                if not self.same(one, other, "subscription_id") or over:
                    continue
                if other.event.TYPE == "subscription-cancelled":
                    over = True
                elif other.event.TYPE == "subscription-renewed":
                    begun, automatic = other.occurred_at, other.event.automatic  # type: ignore[attr-defined]  # a renewal says so
            term, grace = event.term_days, self.policy.rhythm.subscription_grace_days
            end = begun + term * DAY
            opens_at, due_at = end - min(30, term // 3) * DAY, end - min(7, term // 6) * DAY
            spoken = any(
                touch.event.direction == "outbound"  # type: ignore[attr-defined]  # a touch has one
                and touch.event.purpose == "renewal"  # type: ignore[attr-defined]  # and this
                and (
                    touch.occurred_at >= opens_at
                    if touch.event.about is None  # type: ignore[attr-defined]  # and this
                    else touch.event.about == event.subscription_id  # type: ignore[attr-defined]  # and this
                    and touch.occurred_at >= begun
                )
                for touch in self.of("touch-made")
            )
            is_sure = self.now.stage == "client" and automatic
            if not (over or is_sure or spoken or self.at >= end + grace * DAY):
                told = (EPOCH + timedelta(microseconds=end)).isoformat().replace("+00:00", "Z")
                yield "renewal", f"{one.id}@{told}", opens_at, due_at

    def occasion(self) -> Iterator[Row]:
        for first, _ in self.opened("occasion-learned", "occasion_id"):
            named = [o for o in self.of("occasion-learned") if self.same(first, o, "occasion_id")]
            event: Any = named[-1].event
            for year in range(2020, 2036):
                if event.year and year < event.year:
                    continue
                leap = (event.month, event.day) == (2, 29) and (year % 4 or not year % 100)
                starts_at = self.midnight(date(year, event.month, 28 if leap else event.day))
                since = named[-1].occurred_at
                for told in reversed(named):  # back to where another date was known
                    if (told.event.month, told.event.day) != (event.month, event.day):  # type: ignore[attr-defined]  # both have them
                        break
                    since = told.occurred_at
                opens_at = max(starts_at - 7 * DAY, since)
                greeted = any(
                    opens_at <= o.occurred_at < starts_at + 2 * DAY
                    for o in self.of("greeting-sent")
                    if self.same(first, o, "occasion_id")
                )
                if self.at < starts_at + 2 * DAY and not greeted:
                    yield "occasion", f"{first.id}/{year}", opens_at, starts_at

    def need(self) -> Iterator[Row]:
        for one, _ in self.opened("need-discovered", "need_id"):
            over = self.of("need-met", "advice-given")
            met = any(self.same(one, other, "need_id") for other in over)
            if not met and self.at < one.occurred_at + 365 * DAY:
                yield "need", str(one.id), one.occurred_at, one.occurred_at + 14 * DAY

    def competitor(self) -> Iterator[Row]:
        for one in self.of("competitor-noted"):
            later = self.facts[self.facts.index(one) :]
            acted = any(act in later for act in self.acts)
            if not acted and self.at < one.occurred_at + 90 * DAY:
                yield "competitor", str(one.id), one.occurred_at, one.occurred_at + 7 * DAY

    def met(self, fact: Fact) -> bool:
        event: Any = fact.event
        if event.TYPE in ("touch-made", "referral-made"):
            return True
        if event.TYPE == "purchase-made":
            return event.initiated_by == "contact" and fact in self.standing_purchases()
        if event.TYPE in ("detail-updated", "subscription-upgraded"):
            return bool(event.initiated_by == "contact")
        return event.TYPE in OURS | THEIRS

    def touch(self) -> Iterator[Row]:
        cadence = self.policy.touch_cadence
        days = {"client": cadence.client_days, "customer": cadence.customer_days}
        if self.now.stage in days:
            met = [one.occurred_at for one in self.facts if self.met(one)]
            due_at = max([self.since, *met]) + days[self.now.stage] * DAY
            yield "touch", None, due_at - 7 * DAY, due_at

    def ask(self) -> Iterator[Row]:  # one condition after the other, as in the table
        if self.now.stage != "client" or list(self.complaint()):
            return
        instants = [self.since + 30 * DAY]
        for one, _ in self.opened("complaint-raised", "complaint_id"):
            place, state = self.facts.index(one), "open"
            about = [o for o in self.facts if self.same(one, o, "complaint_id") and o is not one]
            if any(
                o.event.TYPE == "complaint-resolved" and self.facts.index(o) < place for o in about
            ):
                state = "closed"
                instants.append(one.occurred_at)
            for other in about:
                if self.facts.index(other) > place:
                    resolves = other.event.TYPE == "complaint-resolved"
                    if resolves and state == "open":
                        state = "closed"
                        instants.append(other.occurred_at)
                    elif other.event.TYPE == "complaint-reopened":
                        state = "open"
        bad, content = {"nps": 7, "csat": 4, "ces": 5}, 0
        for survey in self.of("survey-answered"):
            event: Any = survey.event
            if event.score < bad[event.metric]:
                content = -1
            elif content == -1:
                content = survey.occurred_at
        if content == -1:
            return
        instants.append(content)
        instants += [
            other.occurred_at + 90 * DAY
            for other in self.of("referral-asked", "referral-made")
            if getattr(other.event, "direction", "inbound") == "inbound"
        ]
        yield "ask", None, max(instants), max(instants)

    def gesture(self) -> Iterator[Row]:
        if self.now.stage == "client":
            made = [one.occurred_at for one in self.of("gesture-made")]
            at = max([self.since, *made]) + 180 * DAY
            yield "gesture", None, at, at

    def learn(self) -> Iterator[Row]:
        things = {
            (one.event.TYPE, getattr(one.event, "section", None), one.event.key)  # type: ignore[attr-defined]  # both have one
            for one in self.of("profile-fact-learned", "preference-learned")
        }
        occasions = list(self.opened("occasion-learned", "occasion_id"))
        if self.now.stage == "client" and len(things) + len(occasions) < 5:
            yield "learn", None, self.since + 30 * DAY, self.since + 30 * DAY
