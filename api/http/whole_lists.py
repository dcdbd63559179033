"""Pages of lists that are made as a whole for each page, all pages of one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from api.http.wire.cursors import make_cursor, read_place
from api.service.questions import At, Knowledge, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.http.dependencies import Inquiry, PageRequest
    from api.http.exchange import Reply
    from projections.folding import Moment

R = TypeVar("R")

Place = tuple[int | str, ...]
"""Where a row stands in its list, in what a cursor can hold."""


@dataclass(frozen=True)
class ListPage(Generic[R]):
    """The rows of a page, and the cursor of the next one, if there is any."""

    rows: list[R]
    next_cursor: str | None


@dataclass(frozen=True)
class WholeList:
    """A list that is asked for, of the moment of its first page.

    ``kind`` tells it from every other list, what is filtered included.
    """

    inquiry: Inquiry
    kind: str
    moment: Moment
    after: Place | None

    @classmethod
    def begin(cls, inquiry: Inquiry, page: PageRequest, kind: str) -> WholeList:
        """The list of the query, or the one that its cursor continues.

        Raises:
            Invalid: the cursor is none of this list, or what is asked for cannot be.
            PolicyNotFound: no such version was published.
        """
        served, at = inquiry.served, inquiry.at
        kind = f"{kind} {at}"
        first: list[object] = [None, None]
        if page.cursor is None:
            begins = inquiry.moment()
            first = [begins.position, begins.at]
        position, as_of, *after = read_place(served.ledger, page.cursor, kind, *first)
        # The pages after the first speak of what it spoke of, whatever was appended since.
        fixed = At(as_of, Knowledge(position=position), at.policy_version)
        moment = moment_of(served.ledger, served.aliases, fixed, max(as_of, inquiry.now))
        return cls(inquiry, kind, moment, tuple(after) if after else None)

    def page(
        self, rows: Sequence[R], place_of: Callable[[R], Place], limit: int, reply: Reply
    ) -> ListPage[R]:
        """The part of the whole list that is asked for; rows must be sorted by their place."""
        after = self.after
        left = rows if after is None else [row for row in rows if place_of(row) > after]
        listed, more = [*left[:limit]], None
        if len(left) > limit:
            place = place_of(listed[-1])
            ledger = self.inquiry.served.ledger
            at = self.moment.position, self.moment.at
            more = make_cursor(ledger, self.kind, *at, *place)
        reply.goes_on(more)
        reply.reflects(self.moment.position)
        return ListPage(listed, more)
