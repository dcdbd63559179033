"""Pages of lists that no projection holds: folded for each page, all pages of one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from api.http.wire.cursors import make_cursor, read_place
from api.http.wire.listed import FIRST_PAGE
from api.service.answers.document import Document, Page
from api.service.questions import At, Knowledge, moment_of
from api.service.replays.pages import folded_page, sorted_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.http.dependencies import Inquiry, PageRequest
    from api.http.exchange import Reply
    from api.service.replays.rows import Rows
    from projections.folding import Moment

FOLDED = " folded by "
"""Stands in the kind of such a list, after its name, before what it is sorted by."""


def folded_list(
    inquiry: Inquiry,
    reply: Reply,
    page: PageRequest,
    name: str,
    rows_at: Callable[[Moment], Rows],
    *,
    sort: str | None,
    elsewhere: str,
) -> Page[Any]:
    """A page of what no projection holds: by ids, or, folded as a whole each time, sorted.

    Raises:
        Invalid: what cannot be asked for; sorting takes too long, and ``elsewhere`` says what to
            do instead.
    """
    served, at, now = inquiry.served, inquiry.at, inquiry.now
    ledger = served.ledger
    kind = f"{name}{FOLDED}{sort or 'contact'} {at}"
    first: tuple[int | None, ...] = ()
    if page.cursor is None:
        begins = inquiry.moment()
        first = (*FIRST_PAGE, begins.position, begins.at)
    value, contact, position, as_of = read_place(ledger, page.cursor, kind, *first)
    after = None if contact is None else (value, UUID(bytes=contact))
    # The pages after the first speak of what it spoke of, whatever was appended since.
    fixed = At(as_of, Knowledge(position=position), at.policy_version)
    # Also where the clock was put back meanwhile: what may be asked for was settled at first.
    moment = moment_of(ledger, served.aliases, fixed, max(now, as_of))
    rows, most_events = rows_at(moment), served.limits.folded_events
    if sort is None:
        found = folded_page(
            ledger, moment, rows, after=after, limit=page.limit, most_events=most_events
        )
    else:
        found = sorted_page(
            ledger,
            moment,
            rows,
            sort=sort,
            elsewhere=elsewhere,
            after=after,
            limit=page.limit,
            most_events=most_events,
        )
    more = None
    if (last := found.next_cursor) is not None:
        more = make_cursor(ledger, kind, last[0], last[1].bytes, position, as_of)
    reply.goes_on(more)
    reply.reflects(position)
    return Page[Document](items=found.items, next_cursor=more)
