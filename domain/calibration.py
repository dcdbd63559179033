"""How right the falls by silence were, and what clients were worth beside everybody else.

Both follow from the times that contacts spent as clients and from what they bought and were given
back. Source: the domain document, section 3, and the errata, 11.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from domain.instants import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.intervals import ClientSpell, Fall
    from domain.relationship import Relationship

PREMATURE_DAYS = 90
"""A contact who buys within this time after a fall, or within two rhythms, fell prematurely."""

LATER_DAYS = 365
"""The longer time within which a purchase after a fall is counted beside that."""

WORTH_DAYS = 365
"""Clients are those of this long ago; they are compared by what they brought since then."""


class Trade(NamedTuple):
    """Money that came in with a purchase, or went back with a refund and is below 0.

    A purchase counts until refunds have reached its amount, at ``gone_at``.
    """

    at: int
    amount_minor: int
    currency: str
    gone_at: int | None

    def is_purchase(self, at: int) -> bool:
        """Whether it is a purchase that counts at the instant, at or after its own."""
        return self.amount_minor >= 0 and (self.gone_at is None or self.gone_at > at)


class Account(NamedTuple):
    """What calibration reads of one contact: both in the order of time."""

    spells: Sequence[ClientSpell]
    trades: Sequence[Trade]


class Share(NamedTuple):
    """A part of a whole; ``percent`` is rounded down, and None where the whole is 0."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """The part in a hundred."""
        return 100 * self.part // self.whole if self.whole else None


class GroupWorth(NamedTuple):
    """What a group of contacts brought in one currency, in minor units, and how many bought."""

    contacts: int
    net_minor: int
    repeat: Share
    share: Share

    @property
    def net_minor_per_head(self) -> int | None:
        """The net of one contact of the group on average, rounded down; None of an empty group."""
        return self.net_minor // self.contacts if self.contacts else None


class Worth(NamedTuple):
    """What clients brought in one currency beside everybody else who had bought before."""

    currency: str
    clients: GroupWorth
    others: GroupWorth

    @property
    def ratio_percent(self) -> int | None:
        """Net per client in percent of net per other contact, rounded down.

        None where either group is empty or the others brought nothing.
        """
        brought = self.others.net_minor * self.clients.contacts
        if brought <= 0 or not self.others.contacts:
            return None
        return 100 * self.clients.net_minor * self.others.contacts // brought


@dataclass(frozen=True)
class Calibration:
    """How right the falls of a period were at an instant, and what clients were worth then.

    ``median_delay_days`` is the lower median of the whole days from the last commerce to the fall.
    ``written_off`` are purchases of contacts who had fallen by silence and were not clients again.
    """

    falls: int
    premature: Share
    within_later: Share
    median_delay_days: int | None
    written_off: Share
    worth: tuple[Worth, ...]


@dataclass
class _Group:
    contacts: int = 0
    net_minor: dict[str, int] = field(default_factory=dict)
    buyers: dict[str, int] = field(default_factory=dict)

    def add(self, trades: Sequence[Trade], at: int) -> None:
        """Count a contact, who brought this by the instant."""
        self.contacts += 1
        for trade in trades:
            net_minor = self.net_minor.get(trade.currency, 0) + trade.amount_minor
            self.net_minor[trade.currency] = net_minor
        for currency in {one.currency for one in trades if one.is_purchase(at)}:
            self.buyers[currency] = self.buyers.get(currency, 0) + 1

    def worth(self, currency: str, total_minor: int) -> GroupWorth:
        net_minor = self.net_minor.get(currency, 0)
        repeat = Share(self.buyers.get(currency, 0), self.contacts)
        return GroupWorth(self.contacts, net_minor, repeat, Share(net_minor, max(total_minor, 0)))


class Calibrator:
    """Counts contact after contact. The period is half-open; a bound that is None is left open."""

    def __init__(self, from_at: int | None, to_at: int | None, at: int) -> None:
        """``at`` is the instant up to which everything is known."""
        self._from_at = from_at
        self._to_at = to_at
        self._at = at
        self.worth_from_at = at - WORTH_DAYS * DAY
        self.others_from_at = self.worth_from_at - WORTH_DAYS * DAY
        self._delays_days: list[int] = []
        self._premature = [0, 0]
        self._within_later = [0, 0]
        self._written_off = [0, 0]
        self._clients, self._others = _Group(), _Group()

    def add(self, account: Account) -> None:
        """Count a contact, whose account reaches at least to the instant."""
        spells = [one for one in account.spells if one.from_at <= self._at]
        trades = [one for one in account.trades if one.at <= self._at]
        if spells:
            bought = [one.at for one in trades if one.is_purchase(self._at)]
            for spell in spells:
                if spell.fall is not None and spell.fall.at <= self._at:
                    self._count_fall(spell.fall, bought)
            self._count_written_off(spells, bought)
        self._count_worth(spells, trades)

    def _is_in_period(self, at: int) -> bool:
        return (self._from_at is None or self._from_at <= at) and (
            self._to_at is None or at < self._to_at
        )

    def _count_fall(self, fall: Fall, bought: Sequence[int]) -> None:
        if not self._is_in_period(fall.at):
            return
        self._delays_days.append((fall.at - fall.last_at) // DAY)
        place = bisect_right(bought, fall.at)
        bought_at = bought[place] if place < len(bought) else None
        horizon = max(PREMATURE_DAYS * DAY, 2 * fall.rho_hours * HOUR)
        self._resolve(bought_at, fall.at + horizon, self._premature)
        self._resolve(bought_at, fall.at + LATER_DAYS * DAY, self._within_later)

    def _resolve(self, bought_at: int | None, until_at: int, counts: list[int]) -> None:
        """Count a fall whose outcome is known: they bought before ``until_at``, or it passed."""
        has_bought = bought_at is not None and bought_at < until_at
        counts[0] += has_bought
        counts[1] += has_bought or until_at <= self._at

    def _count_written_off(self, spells: Sequence[ClientSpell], bought: Sequence[int]) -> None:
        """Count the purchases made after the contact had become a client for the first time."""
        place = -1
        for bought_at in bought:
            while place + 1 < len(spells) and spells[place + 1].from_at < bought_at:
                place += 1
            if place >= 0 and self._is_in_period(bought_at):
                fall = spells[place].fall
                self._written_off[0] += fall is not None and fall.at < bought_at
                self._written_off[1] += 1

    def _count_worth(self, spells: Sequence[ClientSpell], trades: Sequence[Trade]) -> None:
        then_at = self.worth_from_at
        if any(spell.is_at(then_at) for spell in spells):
            group = self._clients
        elif any(
            self.others_from_at < one.at <= then_at and one.is_purchase(then_at) for one in trades
        ):
            group = self._others
        else:
            return
        group.add([one for one in trades if one.at > then_at], self._at)

    def result(self) -> Calibration:
        """What was counted."""
        delays = sorted(self._delays_days)
        return Calibration(
            falls=len(delays),
            premature=Share(*self._premature),
            within_later=Share(*self._within_later),
            median_delay_days=delays[(len(delays) - 1) // 2] if delays else None,
            written_off=Share(*self._written_off),
            worth=tuple(self._worth()),
        )

    def _worth(self) -> list[Worth]:
        found = []
        for currency in sorted({*self._clients.net_minor, *self._others.net_minor}):
            total_minor = sum(
                group.net_minor.get(currency, 0) for group in (self._clients, self._others)
            )
            sides = [group.worth(currency, total_minor) for group in (self._clients, self._others)]
            found.append(Worth(currency, *sides))
        return found


def account_of(relationship: Relationship) -> Account:
    """What calibration reads of a contact at the instant of the relationship."""
    return Account(relationship.client_spells, trades_of(relationship))


def trades_of(relationship: Relationship, start: int = 0) -> list[Trade]:
    """The money that came in and went back, in the order in which it did, from a place on."""
    return [
        Trade(at, amount_minor, purchase.currency, purchase.gone_at if amount_minor >= 0 else None)
        for at, amount_minor, purchase in relationship.machine.commerce.movements[start:]
    ]
