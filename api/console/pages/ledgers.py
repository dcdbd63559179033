"""The way in: the one ledger, or the choice among several, or the first one to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.console.errors import NotAllowed, sentence_of
from api.console.visit import Page
from api.service.making_ledgers import make_ledger
from domain.errors import Invalid
from ledger.access.scopes import ADMIN

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit


def show(visit: Visit) -> Response:
    """The ledgers that the principal may enter; with one alone, its first page."""
    names = [one.name for one in visit.server.all_settings() if visit.principal.may_enter(one.name)]
    if len(names) == 1 and visit.parameter("all") is None:
        return visit.lead_to(f"/console/ledgers/{names[0]}{visit.first_page or ''}")
    return _list(visit, names, "")


def create(visit: Visit) -> Response:
    """Make a ledger, and lead to it.

    Raises:
        NotAllowed: the key is for one ledger.
    """
    if visit.principal.ledger is not None:
        raise NotAllowed("the access key is for one ledger, and this is about the server")
    name = visit.field("name")
    try:
        make_ledger(visit.server, visit.principal, name, visit.field("time_zone") or None)
    except Invalid as error:
        names = [one.name for one in visit.server.all_settings()]
        return _list(visit, names, sentence_of(error), 422)
    return visit.lead_to(f"/console/ledgers/{name}")


def _list(visit: Visit, names: list[str], problem: str, status: int = 200) -> Response:
    return visit.page(
        "ledgers.html",
        status=status,
        names=names,
        problem=problem,
        may_create=visit.may(ADMIN) and visit.principal.ledger is None,
        name=visit.field("name"),
        time_zone=visit.field("time_zone"),
    )


PAGES = (
    Page("", show),
    Page("/ledgers", show),
    Page("/ledgers", create, (ADMIN,), method="POST"),
)
