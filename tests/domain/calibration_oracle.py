"""The domain document's paragraph on calibration, read a second time and counted slowly."""

from __future__ import annotations

from statistics import median_low
from typing import TYPE_CHECKING, Any

from domain.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.domain.oracle import Answer


class Member:
    """One contact by an instant: what they bought that still counts then, and their times."""

    def __init__(self, facts: Sequence[Any], answer: Answer, at: int) -> None:
        known = [one for one in facts if one.occurred_at <= at]
        self.made = [one for one in known if one.event.TYPE == "purchase-made"]
        self.given_back = [one for one in known if one.event.TYPE == "purchase-reversed"]
        self.buys = self.counting(at)
        self.times = [one.occurred_at for one in self.buys]
        self.falls = answer.falls
        self.client_times = answer.client_times

    def counting(self, at: int) -> list[Any]:
        """The purchases by then that no refunds by then have undone."""
        found = []
        for one in self.made:
            refunds = [back for back in self.refunds_of(one) if back.occurred_at <= at]
            back_minor = sum(back.event.amount_minor for back in refunds)
            is_undone = bool(refunds) and back_minor >= one.event.amount_minor
            if one.occurred_at <= at and not is_undone:
                found.append(one)
        return found

    def refunds_of(self, purchase: Any) -> list[Any]:
        wanted = purchase.event.purchase_id
        return [one for one in self.given_back if one.event.purchase_id == wanted]

    def came_back(self, fell: int, limit: int) -> bool:
        return any(fell < one < fell + limit for one in self.times)

    def written_off(self) -> list[tuple[int, bool]]:
        """Each purchase after becoming a client, and whether silence had ended that since."""
        fallen = [fell for fell, _, _ in self.falls]
        found = []
        for one in self.times:
            earlier = [ended for begun, ended in self.client_times if begun < one]
            if earlier:
                found.append((one, any(at in fallen and at < one for at in earlier[-1:])))
        return found

    def is_client(self, at: int) -> bool:
        return any(
            begun <= at and (ended is None or at < ended) for begun, ended in self.client_times
        )

    def net(self, start: int) -> dict[str, int]:
        """What came in from then on, less what went back, no more than was left."""
        found: dict[str, int] = {}
        for purchase in self.made:
            left, currency = purchase.event.amount_minor, purchase.event.currency
            if purchase.occurred_at > start:
                found[currency] = found.get(currency, 0) + left
            for refund in self.refunds_of(purchase):
                taken = min(refund.event.amount_minor, left)
                left -= taken
                if taken and max(refund.occurred_at, purchase.occurred_at) > start:
                    found[currency] = found.get(currency, 0) - taken
        return found


def recount(
    members: Sequence[Member], from_at: int | None, to_at: int | None, at: int
) -> dict[str, Any]:
    """The figures of a period as of an instant."""

    def within(instant: int) -> bool:
        return (from_at is None or instant >= from_at) and (to_at is None or instant < to_at)

    falls = [(one, fall) for one in members for fall in one.falls if within(fall[0])]
    bought = [off for one in members for when, off in one.written_off() if within(when)]
    delays = [(fell - last) // DAY for _, (fell, last, _) in falls]
    soon = [(one, fell, max(90 * DAY, 2 * rho)) for one, (fell, _, rho) in falls]
    return {
        "falls": len(falls),
        "premature": _resolved(soon, at),
        "later": _resolved([(one, fell, 365 * DAY) for one, (fell, _, _) in falls], at),
        "median": median_low(delays) if delays else None,
        "written off": (sum(bought), len(bought)),
        "worth": _worth(members, at),
    }


def _resolved(falls: Sequence[tuple[Member, int, int]], at: int) -> tuple[int, int]:
    came = [(one.came_back(fell, limit), at >= fell + limit) for one, fell, limit in falls]
    return sum(back for back, _ in came), sum(back or passed for back, passed in came)


def _worth(members: Sequence[Member], at: int) -> dict[str, tuple[int, ...]]:
    then = at - 365 * DAY
    clients = [one for one in members if one.is_client(then)]
    others = [
        one
        for one in members
        if one not in clients
        and any(buy.occurred_at > then - 365 * DAY for buy in one.counting(then))
    ]
    groups = (clients, others)
    return {
        currency: tuple(
            figure
            for group in groups
            for figure in (
                len(group),
                sum(one.net(then).get(currency, 0) for one in group),
                sum(_bought_in(one, currency, then) for one in group),
            )
        )
        for currency in {name for group in groups for one in group for name in one.net(then)}
    }


def _bought_in(one: Member, currency: str, start: int) -> bool:
    return any(buy.event.currency == currency and buy.occurred_at > start for buy in one.buys)
