"""Requests, and questions: requests of which one knows how to read the answer.

Nothing here does I/O; both clients send these.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from rapport_client.answers.reading import read
from rapport_client.events import encode
from rapport_client.problems import problem_answered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from uuid import UUID

    from rapport_client.events import ContactName

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent. ``silence_seconds`` is how long the answer may pause, where that is special."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    silence_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class DocumentRequest(Request, Generic[T]):
    """A request that is answered with one document, of which ``read`` makes the answer."""

    read: Callable[[Any], T]
    decode: Callable[[bytes], Any] = json.loads

    def answer(self, status: int, headers: Mapping[str, str], content: bytes) -> T:
        """The answer in what the server sent.

        Raises:
            Problem: it says no.
        """
        if status >= 300:
            raise problem_answered(status, headers, content)
        return self.read(self.decode(content))


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list; ``cursor`` leads to the next, None ends it."""

    items: tuple[T, ...]
    cursor: str | None


PageRequest = Callable[[str | None], DocumentRequest[Page[T]]]
"""The question for the page to which a cursor leads; None leads to the first."""


class LedgerPaths:
    """The paths of one ledger."""

    def __init__(self, ledger: str) -> None:
        self.base = f"/v1/ledgers/{quote(ledger, safe='')}"

    def of_contact(self, contact: ContactName, rest: str = "") -> str:
        """A path below the contact."""
        return f"{self.base}/contacts/{quote(str(contact), safe='')}{rest}"


def got(
    path: str, how: Callable[[Any], T], query: Mapping[str, str] | None = None
) -> DocumentRequest[T]:
    """A question that is read."""
    return DocumentRequest(method="GET", path=path, read=how, query=query or {})


def got_bytes(path: str, query: Mapping[str, str] | None = None) -> DocumentRequest[bytes]:
    """A question whose answer is kept byte for byte."""
    return DocumentRequest(method="GET", path=path, query=query or {}, decode=bytes, read=bytes)


def list_request(path: str, cls: type[T], query: Mapping[str, str]) -> PageRequest[T]:
    """The pages of a list, each made of the last one's cursor."""

    def page(found: dict[str, Any]) -> Page[T]:
        return Page(tuple(read(cls, one) for one in found["items"]), found["next_cursor"])

    return lambda cursor: got(path, page, {**query, **query_parameters(cursor=cursor)})


def post_request(
    path: str, body: object, how: Callable[[Any], T], headers: Mapping[str, str] | None = None
) -> DocumentRequest[T]:
    """A question that is sent with a document."""
    named = {"Content-Type": "application/json", **(headers or {})}
    return DocumentRequest(method="POST", path=path, read=how, headers=named, content=encode(body))


def query_parameters(
    **values: date | UUID | int | str | Sequence[str] | None,
) -> dict[str, str]:
    """The parameters that are there, as they stand in a query."""
    return {name: _text(value) for name, value in values.items() if value not in (None, ())}


def labels(show: Sequence[str]) -> dict[str, str]:
    """The parameters that ask for what stands beside the ids of contacts.

    Raises:
        ValueError: it is neither ``names`` nor ``refs``.
    """
    if unknown := set(show) - {"names", "refs"}:
        raise ValueError(f"names and refs can be shown, not {', '.join(sorted(unknown))}")
    return dict.fromkeys(show, "true")


def reading(cls: type[T]) -> Callable[[Any], T]:
    """How an answer of that class is read."""
    return lambda found: read(cls, found)


def server_url(url: str) -> str:
    """The URL of a server, as it was given.

    Raises:
        ValueError: it does not begin with http:// or https://.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"the URL of a server begins with http:// or https://, and not as {url!r}")
    return url


def authorization(key: str | None) -> dict[str, str]:
    """The header that brings an access key, if there is one."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
