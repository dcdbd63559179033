"""What was earned, paid and given up of one referral's reward, in each currency: a small ledger.

What is owed is the sum of the entries, always. Source: the care document, section 5 ("Rewards are
a small ledger").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.earnings import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.referrals import RewardAct


@dataclass
class Account:
    """The entries of one currency in order. Amounts are its minor units.

    ``approved`` and ``declined`` say that this was the last thing decided of what stands there.
    """

    currency: str | None
    approved: bool = False
    declined: bool = False
    entries: list[Entry] = field(default_factory=list)
    _totals_minor: dict[str, int] = field(default_factory=dict)
    """By kind, the sum of its entries with their signs."""
    taken_back_minor: int = 0
    """What reversals said so far, whatever was paid by then."""
    _given_up_minor: int = 0
    """What is left of the amount declined last, which later clawbacks use up first."""

    @property
    def owed_minor(self) -> int:
        """The sum of all entries: below 0 where more was paid than earned."""
        return sum(self._totals_minor.values())

    def total_minor(self, kind: str) -> int:
        """The amounts of all entries of one kind, without their sign."""
        return abs(self._totals_minor.get(kind, 0))

    @property
    def kept_minor(self) -> int:
        """What was paid and not taken back."""
        return self.total_minor("paid") - self.total_minor("reversed")

    def take(self, entry: Entry) -> None:
        """Enter what was earned or clawed back; of what was declined no clawback enters anything.

        A new earning is a reward of its own, whatever was decided about the one before.
        """
        if entry.kind == "earned":
            self._given_up_minor = 0
            self.declined = False
            self.approved = self.approved and not self.total_minor("earned")
        else:
            covered_minor = min(-entry.amount_minor, self._given_up_minor)
            self._given_up_minor -= covered_minor
            entry = entry._replace(amount_minor=entry.amount_minor + covered_minor)
        self._enter(entry)

    def act(self, act: RewardAct) -> None:
        """Enter what we did about it; an act without an amount is about all of it."""
        self.approved = act.kind == "approved"
        self.declined = act.kind == "declined"
        owed_minor = max(0, self.owed_minor)
        if act.kind == "paid":
            paid_minor = owed_minor if act.amount_minor is None else act.amount_minor
            self._write(act, "paid", -paid_minor)
            self._give_back(act)
        elif act.kind == "reversed":
            if act.amount_minor is None:
                self.taken_back_minor = max(self.taken_back_minor, self.total_minor("paid"))
            else:
                self.taken_back_minor += act.amount_minor
            self._give_back(act)
        elif act.kind == "declined":
            self._given_up_minor = owed_minor
            self._write(act, "declined", -owed_minor)

    def _give_back(self, act: RewardAct) -> None:
        """Give back payments as far as there are any, in whichever order the two occurred."""
        given_minor = min(self.taken_back_minor, self.total_minor("paid"))
        self._write(act, "reversed", given_minor - self.total_minor("reversed"))

    def _write(self, act: RewardAct, kind: str, amount_minor: int) -> None:
        if amount_minor:
            assert self.currency is not None, "an account without a currency has no entries"
            said = act.at, act.position, act.event_id
            self._enter(Entry(*said, kind, self.currency, amount_minor))

    def _enter(self, entry: Entry) -> None:
        self.entries.append(entry)
        total_minor = self._totals_minor.get(entry.kind, 0) + entry.amount_minor
        self._totals_minor[entry.kind] = total_minor


@dataclass
class Accounts:
    """All that is known of one referral's reward: its currencies, and what was not in money.

    ``in_kind`` is how many payments in kind stand. ``handed_over`` says that something was paid of
    which neither an amount nor a kind is known, and ``last`` what was decided last, whatever of.
    """

    by_currency: dict[str, Account] = field(default_factory=dict)
    in_kind: int = 0
    handed_over: bool = False
    last: str | None = None

    def take(self, entry: Entry) -> None:
        """Enter what was earned or clawed back."""
        self._account(entry.currency).take(entry)

    def act(self, act: RewardAct) -> None:
        """Enter what we did, in its currency or in all of them."""
        bare = act.amount_minor is None and not act.in_kind
        if act.kind == "paid":
            self.in_kind += act.in_kind
            self.handed_over = self.handed_over or bare
        elif act.kind == "reversed":
            self.in_kind = 0 if bare else max(0, self.in_kind - act.in_kind)
            self.handed_over = self.handed_over and not bare
        if act.currency is not None:
            self._account(act.currency).act(act)
        elif bare or act.kind in ("approved", "declined"):
            for account in self.by_currency.values():
                account.act(act)
        self.last = act.kind

    def _account(self, currency: str) -> Account:
        if currency not in self.by_currency:
            made = Account(currency, approved=self.last == "approved")
            self.by_currency[currency] = made
        return self.by_currency[currency]


def accounts_of(earned: Iterable[Entry], acts: Iterable[RewardAct]) -> Accounts:
    """What comes of the entries that nobody decides and of what we did, by (``at``, ``position``).

    At the same place, what was earned comes first.
    """
    accounts = Accounts()
    moves: list[Entry | RewardAct] = [*earned, *acts]
    for move in sorted(moves, key=lambda move: (move.at, move.position)):
        if isinstance(move, Entry):
            accounts.take(move)
        else:
            accounts.act(move)
    return accounts
