"""The book of a period: sums by month, stage, contact, category or steward, and what is beside.

Currencies are never added. Source: the care document, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from domain.events import STAGES
from domain.instants import DAY
from domain.revenue import YEAR_DAYS, greatest_amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from domain.book.entries import BookEntry
    from domain.relationship import Relationship

DIVISIONS = ("month", "stage", "contact", "category", "steward")
"""By what the rows of a book can be divided."""

TOP_CONTACTS = 10
"""How many contacts make the top of a book."""

_WITHOUT_GESTURES = frozenset({"category"})
_WITHOUT_REWARDS = frozenset({"category", "steward"})


class Within(NamedTuple):
    """A row of a book, such as the stage client; ``key`` is None for the row that has none."""

    by: str
    key: str | None

    @property
    def text(self) -> str:
        """The same as it is written: ``stage:client``, or ``category`` for what has none."""
        return self.by if self.key is None else f"{self.by}:{self.key}"

    @classmethod
    def read(cls, text: str) -> Within:
        """The row that is written so.

        Raises:
            ValueError: there is no such division.
        """
        by, colon, key = text.partition(":")
        if by not in DIVISIONS:
            raise ValueError(by)
        return cls(by, key if colon else None)


@dataclass(frozen=True)
class BookQuestion:
    """Which months are asked about, both included, and by what the rows are divided.

    ``within`` leaves out of the rows and totals what does not stand in that row.
    """

    from_: str | None = None
    to: str | None = None
    by: str = "month"
    within: Within | None = None


@dataclass(slots=True)
class Sums:
    """The figures of one row in one currency, in minor units.

    ``contacts`` are those with a purchase. Gestures and rewards are null where they are not divided
    in this way, and then the contribution is null as well.
    """

    gross_minor: int = 0
    refunds_minor: int = 0
    purchases: int = 0
    gestures_cost_minor: int | None = 0
    rewards_paid_minor: int | None = 0
    buyers: set[UUID] = field(default_factory=set)

    @property
    def net_minor(self) -> int:
        """What was bought, less what was given back."""
        return self.gross_minor - self.refunds_minor

    @property
    def contacts(self) -> int:
        """How many contacts bought."""
        return len(self.buyers)

    @property
    def contribution_minor(self) -> int | None:
        """Net, less gestures and rewards."""
        if self.gestures_cost_minor is None or self.rewards_paid_minor is None:
            return None
        return self.net_minor - self.gestures_cost_minor - self.rewards_paid_minor

    def add(self, contact: UUID, entry: BookEntry) -> None:
        """Count an entry; a gesture or reward where these are divided."""
        if entry.kind == "purchase":
            self.gross_minor += entry.amount_minor
            self.purchases += 1
            self.buyers.add(contact)
        elif entry.kind == "refund":
            self.refunds_minor += entry.amount_minor
        elif entry.kind == "gesture":
            assert self.gestures_cost_minor is not None
            self.gestures_cost_minor += entry.amount_minor
        else:
            assert self.rewards_paid_minor is not None
            self.rewards_paid_minor += entry.amount_minor


class BookRow(NamedTuple):
    """The figures of a month, stage, contact, category or steward in a currency."""

    key: str | None
    currency: str
    sums: Sums


class Beside(NamedTuple):
    """Figures beside the rows in a currency; null where there is nothing to divide by."""

    currency: str
    client_year_minor: int | None
    customer_year_minor: int | None
    ratio_percent: int | None
    repeat_percent: int | None
    referred_percent: int | None
    top_ten_percent: int | None


@dataclass(slots=True)
class StageChanges:
    """The number of contacts who became clients, fell, and became clients again."""

    new_clients: int = 0
    falls: int = 0
    regained: int = 0


@dataclass(slots=True)
class _BesideSums:
    """What is counted in one currency for ``Beside``."""

    in_stage_minor: dict[str, int] = field(default_factory=dict)
    buyers: int = 0
    repeaters: int = 0
    referred_minor: int = 0
    nets_minor: list[int] = field(default_factory=list)


class BookTotals(NamedTuple):
    """The whole book of a period."""

    rows: tuple[BookRow, ...]
    totals: tuple[BookRow, ...]
    beside: tuple[Beside, ...]
    stages: StageChanges


class Book:
    """Adds contact after contact. The period is [``from_at``, ``to_at``); an open end is None."""

    def __init__(
        self,
        by: str,
        from_at: int | None,
        to_at: int | None,
        month_of: Callable[[int], str],
        within: Within | None = None,
    ) -> None:
        """``month_of`` gives the month of an instant where the ledger is."""
        assert by in DIVISIONS, by
        self._by = by
        self._within = within
        self._shown_of = set() if within is None else {within.by}
        self._divisions = {by, *self._shown_of}
        self._from_at = from_at
        self._to_at = to_at
        self._month_of = month_of
        self._rows: dict[tuple[str | None, str], Sums] = {}
        self._totals: dict[str, Sums] = {}
        self._beside: dict[str, _BesideSums] = {}
        self._spent = dict.fromkeys(STAGES, 0)
        self._stages = StageChanges()

    def add(
        self,
        contact: UUID,
        relationship: Relationship,
        entries: Iterable[BookEntry],
        *,
        is_referred: bool,
    ) -> None:
        """Enter a contact; ``is_referred`` says that a referral has the credit for them."""
        booked = [entry for entry in entries if self._is_in_period(entry.at)]
        for entry in booked:
            if not self._stands_within(contact, entry):
                continue
            self._totals.setdefault(entry.currency, _blank(self._shown_of)).add(contact, entry)
            if _is_divided(entry.kind, self._by):
                key = self._key(self._by, contact, entry), entry.currency
                self._rows.setdefault(key, _blank(self._divisions)).add(contact, entry)
        self._add_stages(relationship)
        self._add_beside(relationship, booked, is_referred=is_referred)

    def _is_in_period(self, at: int) -> bool:
        return (self._from_at is None or self._from_at <= at) and (
            self._to_at is None or at < self._to_at
        )

    def _stands_within(self, contact: UUID, entry: BookEntry) -> bool:
        within = self._within
        return within is None or (
            _is_divided(entry.kind, within.by)
            and self._key(within.by, contact, entry) == within.key
        )

    def _key(self, by: str, contact: UUID, entry: BookEntry) -> str | None:
        if by == "month":
            return self._month_of(entry.at)
        if by == "contact":
            return str(contact)
        if by == "stage":
            return entry.stage
        return entry.category if by == "category" else entry.steward

    def _add_stages(self, relationship: Relationship) -> None:
        """Count the time spent in each stage, and the changes to and from that of a client."""
        was_client = False
        intervals = relationship.intervals
        for place, interval in enumerate(intervals):
            ends_at = relationship.at if interval.to_at is None else interval.to_at
            self._spent[interval.stage] += self._overlap(interval.from_at, ends_at)
            if interval.stage != "client":
                continue
            if self._is_in_period(interval.from_at):
                self._stages.regained += was_client
                self._stages.new_clients += not was_client
            was_client = True
            if interval.to_at is not None and self._is_in_period(interval.to_at):
                self._stages.falls += intervals[place + 1].stage != "ended"

    def _overlap(self, from_at: int, to_at: int) -> int:
        if self._from_at is not None:
            from_at = max(from_at, self._from_at)
        if self._to_at is not None:
            to_at = min(to_at, self._to_at)
        return max(to_at - from_at, 0)

    def _add_beside(
        self, relationship: Relationship, booked: Sequence[BookEntry], *, is_referred: bool
    ) -> None:
        nets_minor: dict[str, int] = {}
        for entry in booked:
            if entry.kind not in ("purchase", "refund"):
                continue
            signed_minor = entry.amount_minor if entry.kind == "purchase" else -entry.amount_minor
            nets_minor[entry.currency] = nets_minor.get(entry.currency, 0) + signed_minor
            in_stage = self._beside.setdefault(entry.currency, _BesideSums()).in_stage_minor
            in_stage[entry.stage] = in_stage.get(entry.stage, 0) + signed_minor
        for currency, net_minor in nets_minor.items():
            found = self._beside[currency]
            found.nets_minor.append(net_minor)
            found.referred_minor += net_minor if is_referred else 0
        bought_in = {entry.currency for entry in booked if entry.kind == "purchase"}
        comes_back = bool(bought_in) and self._purchase_days(relationship) >= 2  # a second day
        for currency in bought_in:
            self._beside[currency].buyers += 1
            self._beside[currency].repeaters += comes_back

    def _purchase_days(self, relationship: Relationship) -> int:
        """How many days with a purchase there are up to the end, that is not reversed by then."""
        commerce, end_at = relationship.machine.commerce, self._to_at
        counted = commerce.counted_purchases()
        days = {one.day for one in counted if _is_before(one.occurred_at, end_at)}
        if end_at is not None:  # what is given back after the period counts in it
            days |= {
                one.day
                for one in commerce.reversed_purchases()
                if one.occurred_at < end_at and one.gone_at is not None and one.gone_at >= end_at
            }
        return len(days)

    def result(self) -> BookTotals:
        """What was entered, rows in the order of what they are divided by."""
        rows = [BookRow(*key, sums) for key, sums in self._rows.items()]
        return BookTotals(
            rows=tuple(sorted(rows, key=self._order)),
            totals=tuple(BookRow(None, one, sums) for one, sums in sorted(self._totals.items())),
            beside=tuple(
                self._told_beside(one, sums) for one, sums in sorted(self._beside.items())
            ),
            stages=self._stages,
        )

    def _order(self, row: BookRow) -> tuple[bool, int, str, str]:
        """Stages in their order, contacts by what they brought, all else by its name."""
        key = row.key or ""
        if self._by == "contact":
            brought = greatest_amount({row.currency: row.sums.net_minor})
            return False, -brought, row.currency, key
        place = STAGES.index(key) if self._by == "stage" else 0
        return row.key is None, place, key, row.currency

    def _told_beside(self, currency: str, sums: _BesideSums) -> Beside:
        total_minor = sum(sums.nets_minor)
        top_minor = sum(sorted(sums.nets_minor, reverse=True)[:TOP_CONTACTS])
        client_year_minor = self._of_a_year(sums, "client")
        customer_year_minor = self._of_a_year(sums, "customer")
        ratio_percent = None
        if client_year_minor is not None and customer_year_minor is not None:
            ratio_percent = _percent(client_year_minor, customer_year_minor)
        return Beside(
            currency=currency,
            client_year_minor=client_year_minor,
            customer_year_minor=customer_year_minor,
            ratio_percent=ratio_percent,
            repeat_percent=_percent(sums.repeaters, sums.buyers),
            referred_percent=_percent(sums.referred_minor, total_minor),
            top_ten_percent=_percent(top_minor, total_minor),
        )

    def _of_a_year(self, sums: _BesideSums, stage: str) -> int | None:
        """What was brought while in a stage, for each year spent in it."""
        days = self._spent[stage] // DAY
        return sums.in_stage_minor.get(stage, 0) * YEAR_DAYS // days if days else None


def _is_divided(kind: str, by: str) -> bool:
    """Whether entries of this kind stand in rows that are divided so."""
    if kind == "gesture":
        return by not in _WITHOUT_GESTURES
    return kind != "reward" or by not in _WITHOUT_REWARDS


def _blank(divisions: set[str]) -> Sums:
    """No figures yet; null is what does not stand in rows that are divided in all these ways."""
    return Sums(
        gestures_cost_minor=None if divisions & _WITHOUT_GESTURES else 0,
        rewards_paid_minor=None if divisions & _WITHOUT_REWARDS else 0,
    )


def _is_before(at: int, end_at: int | None) -> bool:
    return end_at is None or at < end_at


def _percent(part: int, whole: int) -> int | None:
    """The part in a hundred, rounded down; null where the whole is not above 0."""
    return 100 * part // whole if whole > 0 else None
