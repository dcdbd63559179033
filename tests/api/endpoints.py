"""Every endpoint as its declaration says: for tests that go through all of them."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from api.http.app import described_by_all
from api.http.contract import Contract
from api.http.openapi.responses import codes_in
from api.http.routers import OPERATIONS, ROUTERS
from api.http.routing import routes_of

if TYPE_CHECKING:
    from api.http.endpoint import Operation
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


class OwnEndpoint:
    """One that is declared in our own way still."""

    def __init__(self, operation: Operation) -> None:
        self.name = operation.name
        self.method = operation.method
        self.path = operation.path
        self.pattern = operation.pattern
        self.scopes = operation.scopes
        self.problems = set(operation.problems)
        self.contract = SimpleNamespace(query={})
        self.takes_something = operation.body is not None


ENDPOINTS: tuple[Endpoint, ...] = (
    *(Endpoint(route, Contract.of(route)) for route in routes_of(ROUTERS)),
    *(OwnEndpoint(one) for one in OPERATIONS),  # type: ignore[arg-type]  # has what is asked for
)


def document() -> dict[str, Any]:
    """The OpenAPI document, made anew: without what a server adds of its own."""
    return described_by_all()
