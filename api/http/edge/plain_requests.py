"""Which requests are plain: one event to be appended, or a status or a card as it is now.

Nothing in the head of a plain request asks for more: no query, no condition, no other media type.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from api.http.edge.frontdoor import canonical_path
from api.http.wire.path_types import decode_part
from domain.kinds import ContactId

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from ledger.ledger import Ledger

MOST_BODY_BYTES = 64 * 1024
"""How long the body of a plain request may be: longer ones are read as they come."""

_PATH = re.compile(rb"/v1/ledgers/([a-z0-9-]+)/contacts/([A-Za-z0-9_.~:%-]+)/(events|status|card)")
_CONTACT = ContactId()

_READ_HEADERS = frozenset(
    {
        *(b"host", b"user-agent", b"accept", b"accept-encoding", b"accept-language"),
        *(b"connection", b"authorization", b"traceparent", b"x-request-id"),
    }
)
_BODY_HEADERS = frozenset({b"content-type", b"content-length"})
_HEADERS = {
    (b"GET", b"status"): (frozenset({b"host"}), _READ_HEADERS),
    (b"GET", b"card"): (frozenset({b"host"}), _READ_HEADERS),
    (b"POST", b"events"): (_BODY_HEADERS | {b"host"}, _BODY_HEADERS | _READ_HEADERS),
}
"""By method and end of the path, the headers that must be there, and those that may be there."""

_ONLY = {
    b"accept": (b"*/*", b"application/json"),
    b"connection": (b"keep-alive",),
    b"content-type": (b"application/json",),
}
"""What these headers may say. The others either change no answer or are read where it is made."""


class PlainRequest(NamedTuple):
    """The head of a plain request."""

    arrived: float
    """When, on the clock of ``time.perf_counter``."""
    method: str
    headers: Mapping[bytes, bytes]
    ledger: str
    contact: bytes
    wanted: str
    """What it is about, by the end of its path."""

    @classmethod
    def of(
        cls, method: bytes, url: bytes, headers: Sequence[tuple[bytes, bytes]]
    ) -> PlainRequest | None:
        """The request with this head, None unless it is plain. Names are in lower case."""
        found = _PATH.fullmatch(url)
        if found is None or (known := _HEADERS.get((method, found[3]))) is None:
            return None
        named = dict(headers)
        if len(named) != len(headers) or not known[0] <= named.keys() <= known[1]:
            return None
        for name, values in _ONLY.items():
            if named.get(name, values[0]) not in values:
                return None
        if int(named.get(b"content-length", b"0")) > MOST_BODY_BYTES:
            return None
        ledger, contact, wanted = found.groups()
        return cls(
            time.perf_counter(), method.decode(), named, ledger.decode(), contact, wanted.decode()
        )

    def contact_name(self) -> str:
        """The name of the contact in the path.

        Raises:
            Invalid: it is no text.
        """
        return decode_part("contact", canonical_path(self.contact))

    @staticmethod
    def contact_in(ledger: Ledger, name: str) -> UUID:
        """The contact of that name.

        Raises:
            Invalid: it is neither a UUID nor source:ref, or no text that a ref can be.
        """
        return _CONTACT.read(name, ledger.contact_id)


class Cycle(Protocol):
    """The connection's side of one request."""

    def send(self, status: int, head: bytes, content: bytes) -> None:
        """Send the whole answer; ``head`` are the lines of its headers."""

    def wait_for(self, reply: asyncio.Future[Any]) -> None:
        """Cancel this where the server's end does not wait for it."""
