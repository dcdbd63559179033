"""Queries about money: what referrals earned, whom contacts brought, and what they brought us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapport_client.asynchronous.webhook_queries import AsyncWebhookQueries
from rapport_client.money_requests import When

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime
    from uuid import UUID

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
    from rapport_client.answers.valuations import ContactValue, Valuation, ValuationOperation
    from rapport_client.events import ContactName


class AsyncMoneyQueries(AsyncWebhookQueries):
    """The queries of those who ask what contacts brought and are owed."""

    def rewards(
        self,
        *,
        state: str | None = None,
        contact: ContactName | None = None,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[RewardItem, None]:
        """What referrals earned and what was paid, what is due first comes first.

        ``contact`` is the referrer. ``show`` is what stands beside their ids: ``names``, ``refs``
        or both.
        """
        when = When(as_of, as_known_at, policy_version, min_position)
        return self._pages(self._ledger_requests.rewards(state, contact, when, page, show))

    async def reward_totals(
        self,
        *,
        state: str | None = None,
        contact: ContactName | None = None,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> tuple[RewardTotal, ...]:
        """What rewards come to by currency and state; these are never added."""
        when = When(as_of, as_known_at, policy_version, min_position)
        return await self._send(self._ledger_requests.reward_totals(state, contact, when))

    async def downstream(
        self,
        contact: ContactName,
        depth: int | None = None,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Downstream:
        """Whom a contact brought, directly and through others, down to a depth or to the end."""
        when = When(as_of, as_known_at, policy_version, min_position)
        return await self._send(self._ledger_requests.downstream(contact, depth, when))

    def referral_graph(
        self,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[GraphReferrer, None]:
        """Everyone who sent us somebody, with all of their referrals."""
        when = When(as_of, as_known_at, policy_version, min_position)
        return self._pages(self._ledger_requests.referral_graph(when, page, show))

    async def referral_path(
        self,
        start: ContactName,
        end: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
        show: Sequence[str] = (),
    ) -> ReferralPath:
        """The shortest way from one contact to another along referrals; empty without any."""
        when = When(as_of, as_known_at, policy_version, min_position)
        return await self._send(self._ledger_requests.referral_path(start, end, when, show))

    def exposures(
        self,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[ExposureItem, None]:
        """The contacts with open complaints, and the revenue at risk, the greatest first."""
        when = When(as_of, as_known_at, policy_version, min_position)
        return self._pages(self._ledger_requests.exposures(when, page, show))

    async def book(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        by: str = "month",
        within: str | None = None,
        names: bool = False,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Book:
        """What contacts brought and cost in months such as 2026-03, both included.

        ``by`` is month, stage, contact, category or steward. ``within`` leaves out what is not in a
        row, such as ``stage:client``. It takes a ledger of up to 200,000 events.
        """
        when = When(as_of, as_known_at, policy_version, min_position)
        request = self._ledger_requests.book(from_, to, by, within, when, names=names)
        return await self._send(request)

    def watch(
        self,
        name: str,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[WatchItem, None]:
        """The contacts on a list: ``never-asked``, ``under-served`` or ``lost``."""
        when = When(as_of, as_known_at, policy_version, min_position)
        return self._pages(self._ledger_requests.watch(name, when, page, show))

    async def fit_values(
        self,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
    ) -> ValuationOperation:
        """Start to fit expected values to the ledger's purchases; ``wait`` for it."""
        when = When(as_of, as_known_at, policy_version)
        return await self._send(self._ledger_requests.fit_values(when))

    def valuations(self) -> AsyncGenerator[Valuation, None]:
        """What was fitted, the valuation that was made last first."""
        return self._pages(self._ledger_requests.valuations())

    async def valuation(self, valuation_id: UUID) -> Valuation:
        """What was fitted, by its id."""
        return await self._send(self._ledger_requests.valuation(valuation_id))

    async def contact_value(
        self,
        contact: ContactName,
        currency: str | None = None,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> ContactValue:
        """What a contact may bring within 365 days; it says why, where there is no value."""
        when = When(as_of, as_known_at, policy_version, min_position)
        return await self._send(self._ledger_requests.contact_value(contact, currency, when))
