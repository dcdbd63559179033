"""Thanks for wins, reports and reciprocity, read a second time off lists of facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.domain.agenda_oracle import DAY, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from uuid import UUID

    from domain.history import Fact
    from domain.rewards import Reward
    from tests.domain.agenda_oracle import Row

Outcome = tuple[int, int, str]
"""When a referral came to its outcome, at which position, and to what."""


class Referrals:
    """One contact's referrals, with the facts of those whom they referred."""

    def __init__(
        self,
        contact: UUID,
        facts: Mapping[UUID, list[Fact]],
        rewards_at: Callable[[int], Sequence[Reward]],
    ) -> None:
        """``rewards_at`` gives what was earned by an instant: it has another second reading."""
        self.contact = contact
        self.facts = facts
        self.rewards_at = rewards_at

    def made(self, at: int) -> Iterator[Fact]:
        """The referrals made by then: the first under each id of each stream."""
        seen: set[tuple[object, object]] = set()
        for one in self.facts[self.contact]:
            event: Any = one.event
            if event.TYPE == "referral-made" and one.occurred_at <= at:
                key = one.contact_id, event.referral_id
                if key not in seen and event.other != self.contact:
                    yield one
                seen.add(key)

    def outcome(self, one: Fact, at: int) -> Outcome | None:
        """What became of a referral by then, where that is known."""
        event: Any = one.event
        closings = [
            (other.occurred_at, other.position, other.event.outcome)  # type: ignore[attr-defined]  # a closing has one
            for other in self.facts[self.contact]
            if other.event.TYPE == "referral-closed"
            and other.event.referral_id == event.referral_id  # type: ignore[attr-defined]  # and this
            and other.contact_id == one.contact_id
            and (one.occurred_at, one.position) < (other.occurred_at, other.position)
            and other.occurred_at <= at
        ]
        bought = [p for p in self.purchases(event.other, at) if p.event.amount_minor > 0]  # type: ignore[attr-defined]  # a purchase has one
        if event.direction == "inbound" and bought:
            first = bought[0]
            closed_at = closings[0][0] if closings else at + 1
            if one.occurred_at <= first.occurred_at < closed_at:
                return first.occurred_at, first.position, "won"
        return closings[0] if closings else None

    def purchases(self, contact: UUID, at: int) -> list[Fact]:
        """The purchases of a contact that were not reversed by then."""
        reading = Reading.__new__(Reading)
        reading.facts = [one for one in self.facts.get(contact, []) if one.occurred_at <= at]
        return reading.standing_purchases()

    def level(self, one: Fact, at: int) -> int:
        """The highest level stated by then."""
        event: Any = one.event
        return max(
            (
                other.event.level  # type: ignore[attr-defined]  # both have one
                for other in self.facts[self.contact]
                if (other is one or other.event.TYPE == "referral-level-raised")
                and other.event.referral_id == event.referral_id  # type: ignore[attr-defined]  # and this
                and other.contact_id == one.contact_id
                and other.occurred_at <= at
            ),
            default=0,
        )

    def rows(self, at: int) -> Iterator[Row]:
        """Thanks for wins, reports, and reciprocity, as they are then."""
        acts = [
            one
            for one in self.facts[self.contact]
            if one.occurred_at <= at and Reading.turned_to_them(one)
        ]
        yield from self.owed(at)
        for one in self.made(at):
            found = self.outcome(one, at)
            if found is None or one.event.direction != "inbound":  # type: ignore[attr-defined]  # a referral has one
                continue
            since, position, outcome = found
            later = [a for a in acts if (a.occurred_at, a.position) > (since, position)]
            thanked = any(
                act.event.TYPE == "thanks-given"
                and (
                    act in later
                    if act.event.for_event is None  # type: ignore[attr-defined]  # thanks have one
                    else act.event.for_event == one.id and act.occurred_at >= since  # type: ignore[attr-defined]  # and this
                )
                for act in acts
            )
            if outcome == "won" and not thanked and at < since + 30 * DAY:
                yield "thanks-won", str(one.id), since, since + 2 * DAY
            if self.level(one, since) >= 1 and not later and at < since + 60 * DAY:
                yield "report-back", str(one.id), since, since + 7 * DAY
        instants = {one.occurred_at for facts in self.facts.values() for one in facts}
        instants |= {one + 365 * DAY for one in instants} | {at}
        owed_since: int | None = None
        for instant in sorted((one for one in instants if one <= at), reverse=True):
            if not self.we_owe(instant):
                break
            owed_since = instant
        if owed_since is not None:
            yield "reciprocity", None, owed_since, owed_since + 14 * DAY

    def owed(self, at: int) -> Iterator[Row]:
        """The referrals for which something was earned and is not settled, in money or in kind."""
        by_referral: dict[UUID, list[Reward]] = {}
        for reward in self.rewards_at(at):
            by_referral.setdefault(reward.event_id, []).append(reward)
        gestures = [one for one in self.facts[self.contact] if one.event.TYPE == "gesture-made"]
        for event_id, rewards in by_referral.items():
            left = [one for one in rewards if one.state in ("held", "due", "approved")]
            if not left or sum([one.in_kind for one in rewards]) > 0:
                continue
            won_at, due_at = left[0].won_at, left[0].due_at
            assert won_at is not None
            assert due_at is not None
            given = [one for one in gestures if won_at <= one.occurred_at <= at]
            if left[0].reason != "cash-reward-forbidden" or not given:
                yield "reward", str(event_id), won_at, due_at

    def we_owe(self, at: int) -> bool:
        """Whether two more of theirs were won than we sent them, within a year."""
        won = sent = 0
        for one in self.made(at):
            if at < one.occurred_at + 365 * DAY:
                if one.event.direction == "outbound":  # type: ignore[attr-defined]  # a referral has one
                    sent += 1
                elif (found := self.outcome(one, at)) is not None and found[2] == "won":
                    won += 1
        return won - sent >= 2
