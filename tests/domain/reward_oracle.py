"""A second reading of the rules of rewards, slow on purpose and sharing no code with the first.

It goes through what happened in the order in which it happened, asks after each event anew what the
referral rests on, and writes every line down. Of one referral with the credit, whose events have
instants of their own. Source: the care document, section 5, and the domain document, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.policy import Policy
    from tests.domain.referral_stories import Told

DAY_MICROSECONDS = 86_400_000_000


@dataclass
class Rest:
    """What the reward rests on: a purchase by name, or the closing where that is empty."""

    name: str
    won_at: int
    currency: str | None
    earned: int | None
    clawed: int = 0


@dataclass
class Notebook:
    """Every line as (kind, currency, amount) with the day it was written on."""

    lines: list[tuple[str, str, int]] = field(default_factory=list)
    given_up: dict[str, int] = field(default_factory=dict)
    wanted_back: dict[str, int] = field(default_factory=dict)

    def sum(self, currency: str, *kinds: str) -> int:
        """The sum of the lines of a currency, of some kinds or of all."""
        return sum(
            amount
            for kind, of, amount in self.lines
            if of == currency and (not kinds or kind in kinds)
        )

    def earn(self, rest: Rest) -> None:
        """Write down what was earned."""
        if rest.currency is not None and rest.earned is not None:
            self.given_up[rest.currency] = 0
            self.lines.append(("earned", rest.currency, rest.earned))

    def claw(self, rest: Rest, wanted: int) -> None:
        """Write down what is taken back beyond what was before, but for what was given up."""
        if rest.currency is None or rest.earned is None:
            return
        growth = wanted - rest.clawed
        rest.clawed = wanted
        excused = min(growth, self.given_up.get(rest.currency, 0))
        self.given_up[rest.currency] = self.given_up.get(rest.currency, 0) - excused
        self.lines.append(("clawed-back", rest.currency, excused - growth))

    def act(self, kind: str, amount: int | None, currency: str | None, in_kind: object) -> None:
        """Write down what was done, in its currency or in all that have lines or acts."""
        if amount is None and kind in ("paid", "reversed") and in_kind is not None:
            return
        known = {of for _, of, _ in self.lines} | set(self.wanted_back)
        for of in sorted(known if currency is None else {currency}):
            owed = max(0, self.sum(of))
            if kind == "paid":
                self.lines.append(("paid", of, -(owed if amount is None else amount)))
            elif kind == "declined":
                self.lines.append(("declined", of, -owed))
                self.given_up[of] = owed
            elif kind == "reversed":
                before = self.wanted_back.get(of, 0)
                paid = -self.sum(of, "paid")
                wanted = max(before, paid) if amount is None else before + amount
                self.wanted_back[of] = wanted
            given = min(self.wanted_back.get(of, 0), -self.sum(of, "paid"))
            self.lines.append(("reversed", of, given - self.sum(of, "reversed")))


def read_slowly(
    told: Sequence[Told], policy_at: Callable[[int], Policy], upto: int
) -> dict[str, dict[str, int]]:
    """By currency and kind, what the lines up to an instant come to; lines of nothing left out."""
    notebook = Notebook()
    happened: list[Told] = []
    rest: Rest | None = None
    for one in sorted(told, key=lambda one: one.day):
        if round(one.day * DAY_MICROSECONDS) > upto:
            break
        happened.append(one)
        kind, data = one.event.TYPE, one.event.show()
        found = _rests_on(happened, policy_at, rest)
        if found is not None and (rest is None or found.name != rest.name):
            if rest is not None and rest.earned is not None:
                notebook.claw(rest, rest.earned)
            notebook.earn(found)
            rest = found
        if rest is not None and rest.name and rest.earned is not None:
            bought, returned = _bought(happened, rest.name)
            notebook.claw(rest, ceil(Fraction(rest.earned * min(returned, bought), bought)))
        if kind.startswith("reward-"):
            notebook.act(
                kind.removeprefix("reward-"),
                data.get("amount_minor"),  # type: ignore[arg-type]  # a number or nothing
                data.get("currency"),  # type: ignore[arg-type]  # a text or nothing
                data.get("in_kind"),
            )
    sums: dict[str, dict[str, int]] = {}
    for kind, currency, amount in notebook.lines:
        if amount:
            of = sums.setdefault(currency, {})
            of[kind] = of.get(kind, 0) + amount
    return sums


def _bought(happened: Sequence[Told], name: str) -> tuple[int, int]:
    """What a purchase was of, the first of its name, and what was given back by now."""
    bought: int | None = None
    returned = 0
    for one in happened:
        data = one.event.show()
        if data.get("purchase_id") == name:
            amount = int(data["amount_minor"])  # type: ignore[call-overload]  # a number
            if one.event.TYPE == "purchase-reversed":
                returned += amount
            elif bought is None:
                bought = amount
    return bought or 0, returned


def _rests_on(
    happened: Sequence[Told], policy_at: Callable[[int], Policy], before: Rest | None
) -> Rest | None:
    """What the reward rests on after all that happened; None where it was never won."""
    made = next((one for one in happened if one.event.TYPE == "referral-made"), None)
    if made is None:
        return before
    since = happened.index(made)
    closing = next((one for one in happened[since:] if one.event.TYPE == "referral-closed"), None)
    first = None
    for one in happened:
        if one.event.TYPE == "purchase-made":
            bought, returned = _bought(happened, str(one.event.show()["purchase_id"]))
            if returned < bought:
                first = one
                break
    won: Told | None = None
    if first is not None and first.day >= made.day and (not closing or first.day < closing.day):
        bought_at = round(first.day * DAY_MICROSECONDS)
        won = first if policy_at(bought_at).partner.won_by_purchase else None
    if won is None and closing is not None and closing.event.show()["outcome"] == "won":
        won = closing
    if won is None:
        return before
    if first is None and before is not None and before.name:
        # What was closed before the purchase was returned was closed for that purchase.
        bought, returned = _bought([one for one in happened if one.day <= won.day], before.name)
        if not 0 < bought <= returned:
            return before
    basis = (first or won).event.show()
    won_at = round(won.day * DAY_MICROSECONDS)
    policy = policy_at(won_at)
    level = max(
        int(one.event.show()["level"])  # type: ignore[call-overload]  # a number
        for one in happened
        if "level" in one.event.show() and one.day <= won.day
    )
    currency, amount = basis.get("currency"), basis.get("amount_minor")
    earned = None
    if policy.rewards.cash_allowed and amount is not None:
        share = Fraction(int(amount) * policy.rewards.basis_points[level], 10_000)  # type: ignore[call-overload]  # a number
        earned = min(int(share), policy.rewards.caps[str(currency)])
    name = str(basis.get("purchase_id", ""))
    return Rest(name, won_at, None if currency is None else str(currency), earned)
