"""The requests about rewards, referral trees and what contacts brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from rapport_client.answers.money import (
    Book,
    Downstream,
    ExposureItem,
    GraphReferrer,
    ReferralPath,
    RewardItem,
    RewardTotal,
    WatchItem,
)
from rapport_client.answers.reading import read
from rapport_client.answers.valuations import ContactValue, Valuation, ValuationOperation
from rapport_client.requests import (
    DocumentRequest,
    PageRequest,
    got,
    labels,
    list_request,
    post_request,
    query_parameters,
    reading,
)
from rapport_client.webhook_requests import WebhookRequests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from rapport_client.events import ContactName


class When(NamedTuple):
    """The point in both times that is asked about, and the position that is waited for."""

    as_of: datetime | None = None
    as_known_at: datetime | int | None = None
    policy_version: int | None = None
    min_position: int | None = None

    def query(self, **more: Any) -> dict[str, str]:
        """The parameters of a query, with others."""
        return query_parameters(**self._asdict(), **more)


class MoneyRequests(WebhookRequests):
    """Requests of those who ask what contacts brought and are owed."""

    def rewards(
        self,
        state: str | None,
        contact: ContactName | None,
        when: When,
        limit: int,
        show: Sequence[str],
    ) -> PageRequest[RewardItem]:
        """What referrals earned, by pages."""
        query = when.query(state=state, contact=contact, limit=limit)
        return list_request(f"{self.base}/rewards", RewardItem, {**query, **labels(show)})

    def reward_totals(
        self, state: str | None, contact: ContactName | None, when: When
    ) -> DocumentRequest[tuple[RewardTotal, ...]]:
        """What rewards come to by currency and state."""
        query = when.query(state=state, contact=contact, limit=1)
        return got(f"{self.base}/rewards", _totals, query)

    def downstream(
        self, contact: ContactName, depth: int | None, when: When
    ) -> DocumentRequest[Downstream]:
        """Whom a contact brought, directly and through others."""
        path = self.of_contact(contact, "/downstream")
        return got(path, reading(Downstream), when.query(depth=depth))

    def referral_graph(
        self, when: When, limit: int, show: Sequence[str]
    ) -> PageRequest[GraphReferrer]:
        """Who referred whom, by pages."""
        query = {**when.query(limit=limit), **labels(show)}
        return list_request(f"{self.base}/referrals/graph", GraphReferrer, query)

    def referral_path(
        self, start: ContactName, end: ContactName, when: When, show: Sequence[str]
    ) -> DocumentRequest[ReferralPath]:
        """How two contacts are connected by referrals."""
        query = {**when.query(to=end, **{"from": start}), **labels(show)}
        return got(f"{self.base}/referrals/path", reading(ReferralPath), query)

    def exposures(self, when: When, limit: int, show: Sequence[str]) -> PageRequest[ExposureItem]:
        """What open complaints put at risk, by pages."""
        query = {**when.query(limit=limit), **labels(show)}
        return list_request(f"{self.base}/exposures", ExposureItem, query)

    def book(
        self,
        from_: str | None,
        to: str | None,
        by: str,
        within: str | None,
        when: When,
        *,
        names: bool,
    ) -> DocumentRequest[Book]:
        """What contacts brought and cost."""
        named = "true" if names else None
        query = when.query(to=to, by=by, within=within, names=named, **{"from": from_})
        return got(f"{self.base}/book", reading(Book), query)

    def watch(
        self, name: str, when: When, limit: int, show: Sequence[str]
    ) -> PageRequest[WatchItem]:
        """A watch list, by pages."""
        query = {**when.query(limit=limit), **labels(show)}
        return list_request(f"{self.base}/watch/{quote(name, safe='')}", WatchItem, query)

    def fit_values(self, when: When) -> DocumentRequest[ValuationOperation]:
        """Start to fit expected values."""
        body = {name: value for name, value in when._asdict().items() if value is not None}
        return post_request(f"{self.base}/valuations", body, reading(ValuationOperation))

    def valuations(self) -> PageRequest[Valuation]:
        """What was fitted."""
        return list_request(f"{self.base}/valuations", Valuation, {})

    def valuation(self, valuation_id: UUID) -> DocumentRequest[Valuation]:
        """One of them."""
        return got(f"{self.base}/valuations/{valuation_id}", reading(Valuation))

    def contact_value(
        self, contact: ContactName, currency: str | None, when: When
    ) -> DocumentRequest[ContactValue]:
        """What a contact may bring."""
        path = self.of_contact(contact, "/value")
        return got(path, reading(ContactValue), when.query(currency=currency))


def _totals(found: dict[str, Any]) -> tuple[RewardTotal, ...]:
    return tuple(read(RewardTotal, one) for one in found["totals"])
