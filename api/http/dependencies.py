"""What endpoints ask for by the types of their parameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from api.http.access import caller, require_every_ledger
from api.http.exchange import Exchange, Reply, exchange_in
from api.http.waiting import wait_until_known
from api.http.wire.path_types import ContactName, LedgerName
from api.http.wire.query_types import (
    MOST_ITEMS,
    AsKnownAt,
    AsOf,
    Cursor,
    Limit,
    MinPosition,
    Names,
    PolicyVersion,
    Refs,
)
from api.service.errors import Forbidden
from api.service.labels import LabelsWanted
from api.service.questions import At, Knowledge, Question, moment_of
from api.service.server import OpenLedger, Server
from domain.errors import Invalid
from domain.instants import start_of_day
from domain.kinds import ContactId
from ledger.access.orders import Order
from ledger.access.scopes import READ, Principal
from ledger.ledger import Ledger
from projections.folding import Moment

# They take the bare request and not each other: FastAPI goes through the dependencies of a
# dependency each time that one is asked for, also where it knows the value already.


async def exchange_of(request: Request) -> Exchange:
    """The request, admitted."""
    return exchange_in(request)


async def reply_of(request: Request) -> Reply:
    """The status and headers of the answer."""
    return exchange_in(request).reply


async def server_of(request: Request) -> Server:
    """What the application serves."""
    return exchange_in(request).server


async def ledger_of(request: Request, _ledger: LedgerName) -> OpenLedger:
    """The ledger that the path names, with what is kept of it.

    Raises:
        LedgerNotFound: there is none.
    """
    return exchange_in(request).served


async def contact_of(request: Request, _ledger: LedgerName, _contact: ContactName) -> UUID:
    """The contact that the path names, which may not be registered.

    Raises:
        Invalid: it is neither a UUID nor source:ref, or no text that a ref can be.
        LedgerNotFound: there is no such ledger.
    """
    return exchange_in(request).contact_id


CurrentExchange = Annotated[Exchange, Depends(exchange_of)]
CurrentReply = Annotated[Reply, Depends(reply_of)]
CurrentServer = Annotated[Server, Depends(server_of)]
LedgerInPath = Annotated[OpenLedger, Depends(ledger_of)]
ContactInPath = Annotated[UUID, Depends(contact_of)]
Caller = Annotated[Principal, Depends(caller)]


async def caller_of_every_ledger(principal: Caller) -> Principal:
    """Who asks, whose key must be for the whole server.

    Raises:
        Forbidden: it is for one ledger.
    """
    require_every_ledger(principal)
    return principal


CallerOfEveryLedger = Annotated[Principal, Depends(caller_of_every_ledger)]


def at_in(
    ledger: Ledger,
    as_of: int | date | None = None,
    as_known_at: Knowledge | date | None = None,
    policy_version: int | None = None,
) -> At:
    """The three coordinates, in which a date is the start of that day in the ledger's time zone."""
    if isinstance(as_known_at, date):
        as_known_at = Knowledge(at=instant_at(ledger, as_known_at))
    return At(instant_at(ledger, as_of), as_known_at, policy_version)


def instant_at(ledger: Ledger, given: int | date | None) -> int | None:
    """An instant that is given as one, or as a date: the start of the day where the ledger is."""
    return start_of_day(given, ledger.time_zone or "UTC") if isinstance(given, date) else given


async def at_of(
    request: Request,
    _ledger: LedgerName,
    as_of: AsOf = None,
    as_known_at: AsKnownAt = None,
    policy_version: PolicyVersion = None,
) -> At:
    """The three coordinates that the query asks about."""
    served = exchange_in(request).served
    return at_in(served.ledger, as_of, as_known_at, policy_version)


AtInQuery = Annotated[At, Depends(at_of)]


async def wait_for_ledger(
    request: Request, _ledger: LedgerName, min_position: MinPosition = None
) -> None:
    """Wait until the ledger has come to the position that is asked for.

    Raises:
        ProjectionBehind: it did not in time.
    """
    await wait_until_known(exchange_in(request).served, min_position)


PositionKnown = Annotated[None, Depends(wait_for_ledger)]
"""What an endpoint asks for that may be asked to wait for a position."""


@dataclass(frozen=True)
class PageRequest:
    """How much of a list is asked for, and from where on."""

    limit: int
    cursor: str | None


async def page_of(limit: Limit = MOST_ITEMS, cursor: Cursor = None) -> PageRequest:
    """The page that the query asks for."""
    return PageRequest(limit, cursor)


PageInQuery = Annotated[PageRequest, Depends(page_of)]


def contact_named(ledger: Ledger, contact: str | None, parameter: str = "contact") -> UUID | None:
    """The contact that a parameter of the query names, which may not be registered.

    Raises:
        Invalid: it is neither a UUID nor source:ref.
    """
    if contact is None:
        return None
    try:
        return ContactId().read(contact, ledger.contact_id)
    except Invalid as error:
        raise error.within(f"/{parameter}") from None


class Audit:
    """The ledger's audit trail, for orders of the principal that sent the request."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def order(self, act: str, subject: str, **detail: object) -> Order:
        """Put an order into the trail; its outcome follows: see ``Order``.

        Raises:
            Unavailable: it could not be written: then the act must not be done.
        """
        exchange = self._exchange
        name = exchange.served.ledger.name
        return exchange.server.trails.order(name, exchange.principal, act, subject, **detail)


async def audit_of(request: Request, _ledger: LedgerName) -> Audit:
    """The trail of the ledger that the path names."""
    return Audit(exchange_in(request))


CurrentAudit = Annotated[Audit, Depends(audit_of)]


@dataclass(frozen=True)
class Inquiry:
    """A point in both times of a ledger that is asked about, for an endpoint that reads files."""

    served: OpenLedger
    at: At
    now: int

    @property
    def is_elsewise(self) -> bool:
        """Something else is asked for than what is known, judged by the policies in force."""
        return self.at.as_known_at is not None or self.at.policy_version is not None

    @property
    def is_folded(self) -> bool:
        """No projection has the answer: they hold what is known now, and nothing of the future.

        Not even where nothing is going to change: how far ahead may be asked is for the fold to
        say.
        """
        as_of = self.at.as_of
        return self.is_elsewise or (as_of is not None and as_of > self.now)

    def moment(self) -> Moment:
        """The point in both times, with the policies and merges that were known.

        Raises:
            Invalid: an instant too far ahead, or a position that is not recorded yet.
            PolicyNotFound: no such version was published.
        """
        return moment_of(self.served.ledger, self.served.aliases, self.at, self.now)

    def question(self) -> Question:
        """What is asked, with the policies and merges that were known.

        Raises:
            Invalid: an instant too far ahead, or a position that is not recorded yet.
            PolicyNotFound: no such version was published.
        """
        found = self.moment()
        return Question(self.served.ledger, found.at, found.position, found.policies, found.aliases)


async def inquiry(request: Request, at: AtInQuery) -> Inquiry:
    """The point that the query asks about."""
    exchange = exchange_in(request)
    return Inquiry(exchange.served, at, exchange.server.clock())


async def inquiry_now(request: Request, _ledger: LedgerName) -> Inquiry:
    """The present, as far as it is known."""
    exchange = exchange_in(request)
    return Inquiry(exchange.served, At(), exchange.server.clock())


async def labels_of(request: Request, names: Names = None, refs: Refs = None) -> LabelsWanted:
    """What the query wants to be shown beside the ids of contacts.

    Raises:
        Forbidden: anything, by a key without the scope ``read``.
    """
    wanted = LabelsWanted(bool(names), bool(refs))
    if wanted.any and not exchange_in(request).principal.has((READ,)):
        raise Forbidden("names and refs take the scope read")
    return wanted


LabelsInQuery = Annotated[LabelsWanted, Depends(labels_of)]
InquiryAt = Annotated[Inquiry, Depends(inquiry)]
InquiryNow = Annotated[Inquiry, Depends(inquiry_now)]
