"""Amounts of money in answers: minor units with their currency, never one added to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.answers.document import Document

if TYPE_CHECKING:
    from collections.abc import Mapping


class Amount(Document):
    """Minor units of a currency, such as cents."""

    currency: str
    minor: int

    @classmethod
    def each(cls, amounts: Mapping[str, int]) -> tuple[Amount, ...]:
        """The amounts, in the order of their currencies."""
        return tuple(cls(currency=one, minor=minor) for one, minor in sorted(amounts.items()))


class NetRevenue(Document):
    """Net revenue in a currency: of the 365 days up to the instant, and ever."""

    currency: str
    days_365_minor: int
    ever_minor: int
