"""Bodies that are read by our rules: declared as dependencies, with one source of schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastapi import Depends
from starlette.requests import Request

from api.http.exchange import exchange_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.http.wire.sent import SentObject

T = TypeVar("T")


class SentBody(Generic[T]):
    """Dependency that reads the request's body, which may be JSON or msgpack.

    ``read`` raises Invalid; ``schema`` says what it takes, and ``examples`` are shown, by name.
    FastAPI does not read bodies here: it knows no msgpack, and refuses in other words.
    """

    def __init__(
        self,
        read: Callable[[object], T],
        schema: Mapping[str, Any],
        examples: Mapping[str, object],
        name: str | None = None,
    ) -> None:
        """With a ``name`` the schema is one of the document's components."""
        self.read = read
        self.schema = schema
        self.examples = examples
        self.name = name

    async def __call__(self, request: Request) -> T:
        """The body, as an object of the model.

        Raises:
            Invalid: it does not fit the schema.
        """
        return self.read(exchange_in(request).body)


def body_dependency(model: type[SentObject]) -> Any:
    """The dependency of an endpoint that reads an object of this model: for ``Annotated``."""
    return Depends(SentBody(model.read, model.schema_of(), model.EXAMPLES, model.__name__))
