"""One admitted request, and the status and headers of its answer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from api.http.wire.path_types import decode_part
from domain.errors import Invalid
from domain.kinds import ContactId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from starlette.requests import Request

    from api.http.streams.streams import Streams
    from api.service.server import OpenLedger, Server
    from ledger.access.scopes import Principal

_CONTACT = ContactId()


class Exchange:
    """A request that may be answered: who asks, in which forms, with its query read.

    What its path names is looked up when it is asked for.
    """

    def __init__(
        self,
        request: Request,
        principal: Principal,
        *,
        sent: str | None,
        wanted: str,
        query: Mapping[str, Any],
    ) -> None:
        """``sent`` and ``wanted`` are media types, of the request's body and of the answer."""
        self.request = request
        self.server: Server = request.app.state.server
        """What the application serves."""
        self.principal = principal
        self.sent = sent
        self.wanted = wanted
        self.query = query
        self.body: object = None
        self.reply = Reply(request)
        self._visits: str | None = None

    @property
    def streams(self) -> Streams:
        """What the streams of this application share."""
        streams: Streams = self.request.app.state.streams
        return streams

    def text(self, name: str) -> str:
        """The part of the path of that name, decoded.

        Raises:
            Invalid: it is not UTF-8.
        """
        return decode_part(name, self.request.path_params[name])

    @cached_property
    def served(self) -> OpenLedger:
        """The ledger that the path names, which is not closed before ``leave``.

        Raises:
            LedgerNotFound: there is none.
        """
        name = self.text("ledger")
        self.server.usage_counts.enter(name)
        self._visits = name
        return self.server.ledger(name)

    def leave(self) -> None:
        """Say that the ledger is not asked any more."""
        if self._visits is not None:
            self.server.usage_counts.leave(self._visits)

    @cached_property
    def contact_id(self) -> UUID:
        """The contact that the path names.

        Raises:
            Invalid: it is neither a UUID nor source:ref, or no text that a ref can be.
        """
        try:
            found = _CONTACT.read(self.text("contact"), self.served.ledger.contact_id)
        except Invalid as error:
            raise error.within("/contact") from None
        self.reply.asked_contact_id = found
        return found

    @property
    def base(self) -> str:
        """The path of the ledger, for links."""
        return f"/v1/ledgers/{self.text('ledger')}"


class Reply:
    """The status and headers of an answer.

    ``position`` is what the answer reflects. With ``digest`` its ETag is a digest of the body.
    ``status`` is that of the declaration unless it is set.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.asked_contact_id: UUID | None = None
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.position: int | None = None
        self.digest = False

    def reflects(self, position: int) -> None:
        """Say which position the answer reflects, and tag it by its content."""
        self.position = position
        self.digest = True

    def answers_for(self, contact_id: UUID) -> None:
        """Say who answers, if that is another contact than was asked for."""
        if contact_id != self.asked_contact_id:
            self.headers["Content-Location"] = self._same_of(contact_id)

    def _same_of(self, contact_id: UUID) -> str:
        """The address of the same question about another contact."""
        request = self.request
        path: str = request.scope["path"]
        head, contact, rest = path.partition(f"/contacts/{request.path_params['contact']}")
        assert contact
        query = request.url.query
        return f"{head}/contacts/{contact_id}{rest}" + (f"?{query}" if query else "")

    def goes_on(self, cursor: str | None) -> None:
        """Lead to the next page of a list, if there is one."""
        if cursor is not None:
            url = self.request.url.include_query_params(cursor=cursor)
            self.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'


def exchange_in(request: Request) -> Exchange:
    """The request, as it was admitted."""
    exchange: Exchange = request.scope["state"]["exchange"]
    return exchange
