"""What a request must be before an endpoint is asked: read from the endpoint's own declaration."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import params

from api.http.access import caller
from api.http.bodies import SentBody
from api.http.wire import media
from api.http.wire.query import Reads
from api.service.strict_parsing import JSON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi._compat import ModelField
    from fastapi.dependencies.models import Dependant
    from fastapi.routing import APIRoute


@dataclass(frozen=True)
class Contract:
    """What one endpoint declares of its requests.

    ``scopes`` are those of which one is enough. ``reads`` are media types that its body may have
    beside JSON and msgpack; ``body`` is how it is read, None where nothing is said in it.
    """

    path: str
    scopes: tuple[str, ...]
    query: Mapping[str, Reads]
    required: tuple[str, ...]
    takes_body: bool
    reads: tuple[str, ...]
    offers: tuple[str, ...]
    body: SentBody[Any] | None

    @classmethod
    def of(cls, route: APIRoute) -> Contract:
        """What a route declares.

        Raises:
            TypeError: it does not declare its scopes, or a parameter does not say how it is read.
        """
        fields = list(_query(route.dependant))
        takes_body = not {"POST", "PATCH"}.isdisjoint(route.methods or ())
        return cls(
            path=route.path_format,
            scopes=scopes_of(route),
            query={field.alias: _reads(field) for field in fields},
            required=tuple(one.alias for one in fields if one.field_info.is_required()),
            takes_body=takes_body,
            reads=tuple(name for name in _body_declarations(route) if name not in media.DOCUMENTS),
            offers=_offered_types(route, takes_body=takes_body),
            body=body_of(route),
        )

    def offered_for(self, sent: str | None) -> tuple[str, ...]:
        """The media types that it answers in: lines are answered by lines."""
        return media.LINES if sent in media.LINES else self.offers


def scopes_of(route: APIRoute) -> tuple[str, ...]:
    """The scopes of which one is enough, in the order of their declaration; none is for everybody.

    Raises:
        TypeError: the route does not declare them.
    """
    for one in route.dependencies:
        if one.dependency is caller:
            return tuple(one.scopes or ()) if isinstance(one, params.Security) else ()
    raise TypeError(f"{route.name} does not declare who may ask")


def body_of(route: APIRoute) -> SentBody[Any] | None:
    """How the body is read, where a dependency reads it."""
    calls = (one.call for one in route.dependant.dependencies)
    return next((call for call in calls if isinstance(call, SentBody)), None)


def _query(dependant: Dependant) -> Iterator[ModelField]:
    """The query's parameters in the order of the signatures, those of dependencies in place."""
    own = {field.name: field for field in dependant.query_params}
    named = {one.name: one for one in dependant.dependencies if one.name is not None}
    for one in dependant.dependencies:
        if one.name is None:
            yield from _query(one)
    for name in _parameters(dependant):
        if name in own:
            yield own[name]
        elif name in named:
            yield from _query(named[name])


def _parameters(dependant: Dependant) -> Iterator[str]:
    """The names in the signature of what FastAPI calls, in order."""
    assert dependant.call is not None
    yield from inspect.signature(dependant.call).parameters


def _body_declarations(route: APIRoute) -> Mapping[str, object]:
    """The declaration of each media type of the body."""
    described = (route.openapi_extra or {}).get("requestBody", {})
    content: Mapping[str, object] = described.get("content", {})
    return content


def _offered_types(route: APIRoute, *, takes_body: bool) -> tuple[str, ...]:
    """That of the response class, and further ones that the answer is declared with."""
    response_class: Any = route.response_class
    name = getattr(response_class, "value", response_class).media_type
    offered = media.DOCUMENTS if name == JSON else (name,)
    content = {} if takes_body else route.responses.get(200, {}).get("content", {})
    return (*offered, *(one for one in content if one not in offered))


def _reads(field: ModelField) -> Reads:
    for one in field.field_info.metadata:
        if isinstance(one, Reads):
            return one
    raise TypeError(f"the parameter {field.alias} does not say how it is read")
