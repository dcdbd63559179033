"""Pages of a projection's list, and where the next one begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from api.http.wire.cursors import make_cursor, read_place
from api.service.answers.document import Document, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.http.exchange import Reply
    from api.service.labels import LabelsWanted
    from api.service.server import OpenLedger
    from ledger.ledger import Ledger
    from projections.answers import Cursor

FIRST_PAGE = (None, None)

P = TypeVar("P", bound=Page[Any])


def page_after(ledger: Ledger, cursor: str | None, kind: str) -> Cursor | None:
    """Where the next page of a projection's list begins, by a request's cursor.

    Raises:
        Invalid: it is not a cursor that this ledger gave out for that list.
    """
    value, contact = read_place(ledger, cursor, kind, *FIRST_PAGE)
    if contact is None:
        return None
    return value, UUID(bytes=contact)


def with_labels(
    page: P, served: OpenLedger, wanted: LabelsWanted, position: int | None = None
) -> P:
    """The page with what is wanted beside the ids of contacts, as known at its position, or now."""
    if not wanted.any:
        return page
    rows = served.labels(wanted, position).beside(page.items)
    return page.model_copy(update={"items": tuple(rows)})


def list_page(
    ledger: Ledger,
    reply: Reply,
    items: Sequence[Document],
    kind: str,
    after: Cursor | None,
    position: int,
) -> Page[Any]:
    """A page of a projection's list, which reflects a position."""
    more = None
    if after is not None:
        more = make_cursor(ledger, kind, after[0], after[1].bytes)
    reply.goes_on(more)
    reply.reflects(position)
    return Page[Document](items=tuple(items), next_cursor=more)
