"""The requests about care: the agenda, gratitude and the scorecards of a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapport_client.answers.agenda import AgendaItem, AgendaSummary, Gratitude
from rapport_client.answers.scorecards import LedgerScorecard, Scorecard
from rapport_client.money_requests import MoneyRequests
from rapport_client.requests import (
    DocumentRequest,
    PageRequest,
    got,
    got_bytes,
    list_request,
    query_parameters,
    reading,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from rapport_client.events import ContactName


class CareRequests(MoneyRequests):
    """Requests of those who look after the contacts of one ledger."""

    def scorecard(
        self,
        contact: ContactName,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> DocumentRequest[Scorecard]:
        """The care scorecard of a contact."""
        query = query_parameters(
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
        )
        return got(self.of_contact(contact, "/scorecard"), reading(Scorecard), query)

    def ledger_scorecard(
        self,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> DocumentRequest[LedgerScorecard]:
        """The care scorecard over all clients."""
        query = query_parameters(
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
        )
        return got(f"{self.base}/scorecard", reading(LedgerScorecard), query)

    def agenda(
        self,
        on: date | None,
        wanted: Mapping[str, Any],
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
        limit: int,
    ) -> PageRequest[AgendaItem]:
        """What is to be done on a day, by pages; ``wanted`` are filters that the path takes."""
        query = query_parameters(
            on=on,
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
            limit=limit,
        )
        return list_request(f"{self.base}/agenda", AgendaItem, {**query, **_filters(wanted)})

    def agenda_summary(
        self,
        on: date | None,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> DocumentRequest[AgendaSummary]:
        """The number of items of each kind in each state."""
        query = query_parameters(
            on=on,
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
        )
        return got(f"{self.base}/agenda/summary", reading(AgendaSummary), query)

    def agenda_feed(self) -> DocumentRequest[bytes]:
        """The agenda as calendars read it. The key is sent in a header, and in no address."""
        return got_bytes(f"{self.base}/agenda.ics")

    def gratitude(
        self,
        from_: str | None,
        to: str | None,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> DocumentRequest[Gratitude]:
        """How well thanks were given, with names."""
        query = query_parameters(
            to=to,
            names="true",
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
            **{"from": from_},
        )
        return got(f"{self.base}/gratitude", reading(Gratitude), query)


def _filters(wanted: Mapping[str, Any]) -> dict[str, str]:
    """Filters as they stand in a query; what is false or absent is left out."""
    chosen = {name: "true" if value is True else value for name, value in wanted.items()}
    return query_parameters(**{name: one for name, one in chosen.items() if one is not False})
