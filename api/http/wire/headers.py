"""A request whose headers are looked up by name; the framework's are searched each time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.requests import Request

from domain.errors import Invalid

if TYPE_CHECKING:
    from starlette.types import Scope


class KnownHeaders(Headers):
    """The framework's headers, with the first of each name in a table. Names are in lower case."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first = dict(reversed(self._list))

    def get(self, key: str, default: Any = None, /) -> Any:
        """The first value of that name, ``default`` where there is none."""
        value = self._first.get(key.encode("latin-1"))
        return default if value is None else value.decode("latin-1")


class LookupRequest(Request):
    """The framework's request, with headers that are looked up."""

    @cached_property
    def headers(self) -> Headers:
        """The headers, ours."""
        return KnownHeaders(self.scope)


def said_once(headers: Headers, name: str) -> str | None:
    """The header's value, None where it is absent; ``name`` is in lower case.

    Raises:
        Invalid: it is there more than once; whichever were taken, another was meant too.
    """
    value: str | None = headers.get(name)
    if value is not None and len(headers.getlist(name)) > 1:
        raise Invalid.at("", "malformed", f"the header {name} may be there only once")
    return value
