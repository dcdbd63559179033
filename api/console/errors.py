"""What went wrong, as a page: in words that say what to do, under the same status as elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.console.vocabulary import place_named
from api.service.errors import STATUS, Forbidden, RateLimited, status_in
from domain import errors
from domain.errors import LedgerError

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit


class NotAllowed(Forbidden):
    """The principal may not see the page, or do that."""


class FormRefused(Forbidden):
    """The form was not sent by a page of this server that is still valid."""


class PageNotFound(errors.NotFound):
    """There is no page at that path."""


class Failed(LedgerError):
    """The server itself failed."""


_TITLES: dict[type[LedgerError], str] = {
    errors.LedgerNotFound: "There is no such ledger",
    errors.ContactNotFound: "Nobody is registered by that name",
    errors.NotFound: "There is nothing here",
    NotAllowed: "Your access key does not open this",
    FormRefused: "Nothing was recorded",
    errors.Invalid: "That cannot be asked",
    errors.Refused: "The ledger refused it",
    errors.Corrupt: "The ledger is damaged",
    errors.ProjectionBehind: "The ledger is catching up",
    errors.Unavailable: "That is not possible just now",
    RateLimited: "That was too often",
    errors.Unauthenticated: "Sign in again",
    Failed: "The server failed",
}


def status_of(error: LedgerError) -> int:
    """The HTTP status of the page that reports an error."""
    return status_in(STATUS, type(error))


def sentence_of(error: LedgerError) -> str:
    """What went wrong; of a fault inside the server nothing, because it may quote the data."""
    if status_of(error) == 500 or isinstance(error, errors.Corrupt):
        return "The log of the server says what happened."
    if isinstance(error, errors.Invalid):
        said = [_sentence(place_named(one.pointer), one.detail) for one in error.errors]
        return "; ".join(said) or str(error)
    return str(error)


def _sentence(place: str, detail: str) -> str:
    return f"{place}: {detail}" if place else detail


def error_page(visit: Visit, error: LedgerError) -> Response:
    """The page that reports an error."""
    title = next(
        (_TITLES[cls] for cls in type(error).__mro__ if cls in _TITLES), "That did not work"
    )
    headers = {"Retry-After": "1"} if isinstance(error, errors.Unavailable) else {}
    return visit.page(
        "error.html",
        status=status_of(error),
        headers=headers,
        title=title,
        sentence=sentence_of(error),
        instance=visit.request.state.instance,
        ledger_name=visit.ledger_in_address,
    )
