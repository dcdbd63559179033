"""What a referral earned its referrer, and when: the entries that nobody decides.

What was earned stands on the referred contact's first purchase, or on the amount given at closing.
Where that gives way to another purchase, the rest is clawed back and the new amount is earned.
Source: the care document, section 5 ("Rewards are a small ledger"), and the domain document,
section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from domain.first_purchases import Commerce, Purchase, Turn
    from domain.policy import Policy
    from domain.referrals import Closing, Edge

    PolicyAt = Callable[[int], Policy]
    """The policy in force at an instant."""

CASH_FORBIDDEN = "cash-reward-forbidden"
"""Why a reward has no amount: the policy allows thanks and gestures in kind only."""

AMOUNT_UNKNOWN = "amount-unknown"
"""Why a reward has no amount: the contact has not bought, and nothing was given at closing."""

_BASIS = 10_000


class Entry(NamedTuple):
    """One line of the ledger of a reward, with the event that wrote it.

    ``kind`` is earned, clawed-back, paid, reversed or declined; ``amount_minor`` is what it adds to
    what we owe, so clawed-back, paid and declined are not above 0.
    """

    at: int
    position: int
    event_id: UUID
    kind: str
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """What one win of a referral earned. Instants are microseconds, amounts minor units.

    ``at``, ``position`` and ``event_id`` say when it was entered and by which event: later than
    ``won_at`` where the purchase took the place of another one. ``purchase`` is null where the base
    is the amount given at closing; ``amount_minor`` is null with a ``reason``.
    """

    at: int
    position: int
    event_id: UUID
    won_at: int
    due_at: int
    level: int
    purchase: Purchase | None
    base_minor: int | None
    currency: str | None
    amount_minor: int | None
    reason: str | None

    def clawback_minor(self, at: int) -> int:
        """The part that the reversals of its purchase up to the instant take back, rounded up."""
        if self.purchase is None or self.amount_minor is None:
            return 0
        return self._part_minor(self.purchase.reversed_minor(at))

    def _part_minor(self, reversed_minor: int) -> int:
        assert self.purchase is not None
        assert self.amount_minor is not None
        return -(-self.amount_minor * reversed_minor // self.purchase.amount_minor)

    def entries(self, following: Earning | None, upto: int) -> Iterator[Entry]:
        """What was earned, and each growth of the clawback up to the instant.

        ``following`` is what took its place, null while nothing has.
        """
        if self.amount_minor is None or self.currency is None:
            return
        place = self.at, self.position
        yield Entry(*place, self.event_id, "earned", self.currency, self.amount_minor)
        if self.purchase is not None:
            reversed_minor = clawed_minor = 0
            for at, amount_minor, position, event_id in self.purchase.reversals:
                if at > upto:
                    break
                reversed_minor = min(reversed_minor + amount_minor, self.purchase.amount_minor)
                growth_minor = self._part_minor(reversed_minor) - clawed_minor
                clawed_minor += growth_minor
                when = max(place, (at, position))
                yield Entry(*when, event_id, "clawed-back", self.currency, -growth_minor)
        elif following is not None:
            lost_by = following.at, following.position, following.event_id
            yield Entry(*lost_by, "clawed-back", self.currency, -self.amount_minor)


def earnings(edge: Edge, commerce: Commerce, policy_at: PolicyAt, upto: int) -> tuple[Earning, ...]:
    """All that the referral earned up to the instant, the one that stands now last.

    As if it had the credit for the contact. Each is reckoned by the policy in force when it was
    won and by the highest level stated up to then. A purchase wins where the policy in force when
    it was made says so; where a later one takes its place, that one wins again. The first purchase
    counts before the amount given at closing, whenever it was made.
    """
    found: list[Earning] = []
    if not edge.inbound:
        return ()
    for at, turn in _changes(edge, commerce, upto):
        closing = edge.closed_at(at)
        purchase = None if turn is None or turn.purchase.is_gone(at) else turn.purchase
        before = found[-1] if found else None
        if purchase is not None and _wins(edge, purchase, policy_at, at):
            won_at = purchase.occurred_at
        elif closing is not None and closing.outcome == "won":
            won_at = closing.at
        else:
            continue
        if before is not None and _same(before.purchase, purchase):
            continue
        found.append(
            _earning(edge, purchase, closing, won_at, policy_at, _cause(at, turn, closing))
        )
    return tuple(found)


def earned_entries(made: Sequence[Earning], upto: int) -> list[Entry]:
    """The entries of all of a referral's earnings up to the instant, in order."""
    found: list[Entry] = []
    for place, earning in enumerate(made):
        following = made[place + 1] if place + 1 < len(made) else None
        found.extend(earning.entries(following, upto))
    return sorted(found, key=lambda entry: (entry.at, entry.position))


def _changes(edge: Edge, commerce: Commerce, upto: int) -> Iterator[tuple[int, Turn | None]]:
    """The instants at which a win may begin, with the turn of purchases that holds at each."""
    closed_at = None if edge.closing is None else edge.closing.at
    turn: Turn | None = None
    for following in commerce.turns():
        if closed_at is not None and closed_at < following.at:
            if closed_at <= upto:
                yield closed_at, turn
            closed_at = None
        if following.at > upto:
            return
        turn = following
        yield turn.at, turn
        if closed_at == turn.at:
            closed_at = None
    if closed_at is not None and closed_at <= upto:
        yield closed_at, turn


def _wins(edge: Edge, purchase: Purchase, policy_at: PolicyAt, at: int) -> bool:
    bought_at = purchase.occurred_at
    return edge.was_open_at(bought_at, known_at=at) and policy_at(bought_at).partner.won_by_purchase


def _same(one: Purchase | None, other: Purchase | None) -> bool:
    return (one and one.event_id) == (other and other.event_id)


def _cause(at: int, turn: Turn | None, closing: Closing | None) -> tuple[int, int, UUID]:
    """The newest of the events of an instant that can begin a win: its instant, position and id."""
    found: list[tuple[int, int, UUID]] = []
    if turn is not None:
        found.append((turn.purchase.occurred_at, turn.purchase.position, turn.purchase.event_id))
        last = None if turn.after is None else turn.after.last_reversal
        if last is not None:
            found.append((last.at, last.position, last.event_id))
    if closing is not None:
        found.append((closing.at, closing.position, closing.event_id))
    return max(one for one in found if one[0] == at)


def _earning(
    edge: Edge,
    purchase: Purchase | None,
    closing: Closing | None,
    won_at: int,
    policy_at: PolicyAt,
    cause: tuple[int, int, UUID],
) -> Earning:
    rules = policy_at(won_at).rewards
    base_minor: int | None = None
    currency: str | None = None
    if purchase is not None:
        base_minor, currency = purchase.amount_minor, purchase.currency
    elif closing is not None:
        base_minor, currency = closing.amount_minor, closing.currency
    level = edge.level_at(won_at)
    amount_minor: int | None = None
    reason: str | None = None
    if not rules.cash_allowed:
        reason = CASH_FORBIDDEN
    elif base_minor is None or currency is None:
        reason = AMOUNT_UNKNOWN
    else:
        share_minor = base_minor * rules.basis_points[level] // _BASIS
        amount_minor = min(share_minor, rules.most_minor(currency))
    at, position, event_id = cause
    return Earning(
        at=at,
        position=position,
        event_id=event_id,
        won_at=won_at,
        due_at=won_at + rules.hold_days * DAY,
        level=level,
        purchase=purchase,
        base_minor=base_minor,
        currency=currency,
        amount_minor=amount_minor,
        reason=reason,
    )
