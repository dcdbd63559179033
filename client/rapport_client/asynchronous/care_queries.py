"""Queries about care: what is to be done for whom, how thanks were given, and the scorecards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapport_client.asynchronous.money_queries import AsyncMoneyQueries

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import date, datetime

    from rapport_client.answers.agenda import AgendaItem, AgendaSummary, Gratitude
    from rapport_client.answers.scorecards import LedgerScorecard, Scorecard
    from rapport_client.events import ContactName


class AsyncCareQueries(AsyncMoneyQueries):
    """The queries of those who look after the contacts."""

    async def scorecard(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Scorecard:
        """How well a contact was treated in the last 365 days: seven letters with their events."""
        request = self._ledger_requests.scorecard(
            contact, as_of, as_known_at, policy_version, min_position
        )
        return await self._send(request)

    async def ledger_scorecard(
        self,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> LedgerScorecard:
        """The mean of each letter over all clients who have it.

        With ``as_known_at`` or ``policy_version`` it takes a ledger of up to 200,000 events.
        """
        at = as_of, as_known_at, policy_version
        return await self._send(self._ledger_requests.ledger_scorecard(*at, min_position))

    def agenda(
        self,
        on: date | None = None,
        *,
        kind: str | None = None,
        state: str | None = None,
        steward: str | None = None,
        stage: str | None = None,
        contact: ContactName | None = None,
        muted: bool = False,
        deferred: bool = False,
        names: bool = False,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
        page: int = 500,
    ) -> AsyncGenerator[AgendaItem, None]:
        """What is to be done on a day, or today, the most urgent first.

        ``muted`` and ``deferred`` add what a refused consent mutes and what somebody put off.
        """
        wanted = {
            "kind": kind,
            "state": state,
            "steward": steward,
            "stage": stage,
            "contact": contact,
            "muted": muted,
            "deferred": deferred,
            "names": names,
        }
        at = as_of, as_known_at, policy_version
        return self._pages(self._ledger_requests.agenda(on, wanted, *at, min_position, page))

    async def agenda_summary(
        self,
        on: date | None = None,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> AgendaSummary:
        """The number of items on a day by kind and state, muted and deferred ones included."""
        at = as_of, as_known_at, policy_version
        return await self._send(self._ledger_requests.agenda_summary(on, *at, min_position))

    async def agenda_feed(self) -> bytes:
        """What is overdue or due within 90 days, as iCalendar; with occasions by such a key."""
        return await self._send(self._ledger_requests.agenda_feed())

    async def gratitude(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Gratitude:
        """How well thanks were given that became owed from one month to another, such as 2026-03.

        Both months are included.
        """
        at = as_of, as_known_at, policy_version
        return await self._send(self._ledger_requests.gratitude(from_, to, *at, min_position))
