"""Random histories: what clients may send in any order, refusals left out.

A history is drawn from one seed rather than event by event, which gives long ones that hang
together: purchases of referred contacts, corrections of referrals, merges taken back.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hypothesis import strategies as st

from domain.errors import LedgerError
from domain.events import CATALOGUE
from domain.instants import DAY, HOUR, SECOND, format_instant
from domain.presets import PRESETS, read_policy
from tests.domain.scenario import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.recorded import RecordedEvent
    from tests.fixtures.clock import Clock
    from tests.projections.memory import MemoryLedger

ZONES = (None, "Asia/Tokyo", "America/Los_Angeles", "Pacific/Auckland")
"""Far enough apart for a purchase around midnight to fall on another day in each."""

_NIGHT = (22, 23, 0, 1)

CONTACTS = tuple(UUID(int=number) for number in range(1, 7))

MAY_BE_ADDRESSES = CONTACTS[-2:]
"""Names that may be merged into a contact, or registered, long after the others."""

_WEIGHTS = {
    "purchase-made": 24,
    "purchase-reversed": 4,
    "referral-made": 8,
    "referral-level-raised": 3,
    "referral-closed": 3,
    "contact-merged": 3,
    "merge-reversed": 3,
    "event-retracted": 6,
    "event-corrected": 6,
    "complaint-raised": 2,
    "subscription-started": 2,
    "engagement-opened": 2,
    "registration-amended": 4,
}
_TYPES = [name for name, event in CATALOGUE.items() if event.FROM_PRODUCERS]
_CHOICES = [*_TYPES, *(name for name, weight in _WEIGHTS.items() for _ in range(weight))]

_CHOICES_OF_MONEY = [*_CHOICES, *("reward-paid",) * 10, *("reward-reversed", "gesture-made") * 3]

seeds = st.integers(0, 2**32)


class Story:
    """One random history, told to a ledger a bit at a time."""

    def __init__(
        self,
        seed: int,
        ledger: MemoryLedger,
        clock: Clock,
        *,
        back_hours: int = 0,
        currencies: Sequence[str] = (),
    ) -> None:
        """``back_hours`` is how far the clock may be put back at a time. Where there are some
        ``currencies``, money is in any of them, and rewards are paid in money too.
        """
        self._chance = Random(seed)
        self._back_hours = back_hours
        self._currencies = currencies
        self._ledger = ledger
        self._clock = clock

    def tell(self, acts: int = 120) -> Iterator[int]:
        """Let things happen; now and then say how many events the live side is to take in."""
        for contact in CONTACTS:
            if contact in MAY_BE_ADDRESSES and self._chance.random() < 0.5:
                continue
            zone = self._chance.choice(ZONES)
            data = {} if zone is None else {"time_zone": zone}
            self._ledger.tell(contact, "contact-registered", self._clock() - 600 * DAY, **data)
        for _ in range(acts):
            act = self._chance.random()
            if act < 0.75:
                self._event()
            elif act < 0.78:
                self._policy()
            elif act < 0.84:
                least = -self._back_hours or 1
                self._clock.instant += self._chance.randint(least, 60 * 24) * HOUR
            elif act < 0.9:
                self._clock.instant += self._chance.randint(1, 70) * SECOND
            else:
                yield self._chance.choice((0, 1, 2, 5, 20))

    def _event(self) -> None:
        type_name = self._chance.choice(_CHOICES_OF_MONEY if self._currencies else _CHOICES)
        if type_name in ("event-retracted", "event-corrected"):
            contact, data = self._amendment(type_name)
        else:
            contact, data = self._news(type_name)
        try:
            self._ledger.append(contact, CATALOGUE[type_name].read(data), self._instant())
        except LedgerError:
            return

    def _policy(self) -> None:
        partner = {"window_days": self._chance.randint(10, 365), "key_partner_won": 1}
        preset = self._chance.choice(sorted(PRESETS))
        effective_from = self._clock() - self._chance.randint(-60, 60) * DAY
        self._ledger.publish(read_policy({"extends": preset, "partner": partner}), effective_from)

    def _instant(self) -> int:
        """Often now, else late by up to a year and a half, often at night, or up to a day ahead."""
        hours = 0 if self._chance.random() < 0.4 else self._chance.randint(-23, 500 * 24)
        instant = self._clock() - hours * HOUR
        if hours > 24 and self._chance.random() < 0.5:
            instant += (self._chance.choice(_NIGHT) * HOUR) - instant % DAY
        return instant

    def _news(self, type_name: str) -> tuple[UUID, dict[str, Any]]:
        """An event of its own, or what followed on one that stands on some stream."""
        data: dict[str, Any] = dict(EXAMPLES[type_name])
        contact = self._chance.choice(CONTACTS)
        if self._currencies:
            self._put_money(type_name, data)
        opens = {field.name for field in CATALOGUE[type_name].FIELDS if field.opens}
        for name in data:
            if name in opens:
                # From few: streams that become one may each have something of the same id.
                data[name] = str(self._chance.randrange(30))
            elif name.endswith("_id") and (opening := self._opening(name)) is not None:
                contact, opened = opening.contact_id, opening.event.show()
                data[name] = opened[name]
                if type_name == "purchase-reversed":
                    data["currency"] = opened["currency"]
            elif name in ("other", "into"):
                data[name] = str(self._chance.choice(CONTACTS))
            elif name == "level":
                data[name] = self._chance.randint(0, 5)
        if type_name == "registration-amended":
            data = {"time_zone": self._chance.choice(ZONES[1:])}
        if type_name == "merge-reversed" and (merge := self._any("contact-merged")) is not None:
            contact, data["into"] = merge.contact_id, merge.event.show()["into"]
        return contact, data

    def _put_money(self, type_name: str, data: dict[str, Any]) -> None:
        """A payment of a reward is of all that is owed, of an amount, or in kind."""
        if type_name in ("reward-paid", "reward-reversed") and self._chance.random() < 0.8:
            data.pop("in_kind", None)
            if self._chance.random() < 0.6:
                data |= {"amount_minor": self._chance.randint(1, 12), "currency": ""}
        if data.get("currency") is not None:
            data["currency"] = self._chance.choice(self._currencies)

    def _opening(self, name: str) -> RecordedEvent | None:
        """Some event that brought an id of that name into the world."""
        types = [
            event.TYPE
            for event in CATALOGUE.values()
            if any(field.name == name and field.opens for field in event.FIELDS)
        ]
        return self._any(*types)

    def _any(self, *types: str) -> RecordedEvent | None:
        found = [one for one in self._events() if one.type in types]
        return self._chance.choice(found) if found else None

    def _amendment(self, type_name: str) -> tuple[UUID, dict[str, Any]]:
        """A retraction or correction, where its target stands; of referrals most often."""
        made = self._any("referral-made") if self._chance.random() < 0.5 else None
        target = made or self._chance.choice(self._events())
        data: dict[str, Any] = {"target": str(target.id)}
        if type_name == "event-retracted":
            return target.contact_id, {**data, "reason": "never happened"}
        kind = self._chance.randrange(3)
        if kind != 1:
            data["occurred_at"] = format_instant(self._instant())
        if kind != 0:
            corrected = dict(target.event.show())
            if corrected.get("amount_minor") is not None:
                corrected["amount_minor"] = self._chance.randint(1, 200)
            if "level" in corrected:
                corrected["level"] = self._chance.randint(0, 5)
            data["data"] = corrected
        return target.contact_id, data

    def _events(self) -> list[RecordedEvent]:
        return self._ledger.log(limit=self._ledger.head())
