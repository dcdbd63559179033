"""Every endpoint as its declaration says: for tests that go through all of them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from api.http.contract import Contract
from api.http.openapi.description import description
from api.http.openapi.responses import codes_in
from api.http.routers import ROUTERS
from api.http.routing import routes_of

if TYPE_CHECKING:
    from api.http.routing import LedgerRoute


@dataclass(frozen=True)
class Endpoint:
    """One method on one path."""

    route: LedgerRoute
    contract: Contract

    @property
    def name(self) -> str:
        return str(self.route.operation_id)

    @property
    def method(self) -> str:
        return self.route.method

    @property
    def path(self) -> str:
        return self.route.path_format

    @property
    def pattern(self) -> str:
        return self.route.path

    @property
    def scopes(self) -> tuple[str, ...]:
        return self.contract.scopes

    @property
    def problems(self) -> set[str]:
        return codes_in(self.route.responses)

    @property
    def takes_something(self) -> bool:
        """Whether its body says anything."""
        return self.contract.body is not None or self.route.openapi_extra is not None


ENDPOINTS = tuple(Endpoint(route, Contract.of(route)) for route in routes_of(ROUTERS))


@cache
def _document() -> dict[str, Any]:
    return description(routes_of(ROUTERS))


def document() -> dict[str, Any]:
    """The OpenAPI document, without what a server adds of its own, for whoever asks alone."""
    return deepcopy(_document())
