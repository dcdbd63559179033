from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from starlette.routing import compile_path

from api.http.edge.dispatch import Dispatch
from tests.api.endpoints import ENDPOINTS, Endpoint
from tests.api.shop import problem_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tests.api.shop import Shop


class Named:
    """An application that is told apart by what it was made for."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("nobody is asked here")


def dispatch() -> Dispatch:
    found = Dispatch(Named("framework"))
    for operation in ENDPOINTS:
        found.add(operation.method, operation.pattern, Named(operation.name))
    return found


def name_of(found: tuple[ASGIApp, dict[str, str]] | None) -> str | None:
    if found is None:
        return None
    assert isinstance(found[0], Named)
    return found[0].name


def matching(method: str, path: str) -> str | None:
    """What the framework finds: the first whose expression matches."""
    for operation in ENDPOINTS:
        pattern, _, _ = compile_path(operation.pattern)
        if operation.method == method and pattern.match(path):
            return operation.name
    return None


@pytest.mark.parametrize("operation", ENDPOINTS, ids=lambda one: one.name)
def test_every_operation_is_found_at_its_path_with_its_parameters(
    operation: Endpoint,
) -> None:
    names = re.findall(r"{(\w+)}", operation.path)
    path = re.sub(r"{(\w+)}", r"a-\1", operation.path)
    found = dispatch().find(operation.method, path)
    assert name_of(found) == operation.name == matching(operation.method, path)
    assert found is not None
    assert found[1] == {name: f"a-{name}" for name in names}


@pytest.mark.parametrize("operation", ENDPOINTS, ids=lambda one: one.name)
def test_a_parameter_that_is_a_word_of_a_path_is_found_as_by_the_framework(
    operation: Endpoint,
) -> None:
    words = sorted({part for one in ENDPOINTS for part in one.path.split("/") if part})
    for word in words:
        path = re.sub(r"{\w+}", word, operation.path)
        found = name_of(dispatch().find(operation.method, path))
        assert found in (None, matching(operation.method, path))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/v1/ledgers//events"),
        ("GET", "/v1/ledgers/main/events/"),
        ("GET", "/v1/ledgers/main/nothing"),
        ("GET", "/v1/ledgers/main/events/1/more"),
        ("DELETE", "/v1/ledgers/main/events"),
        ("GET", "v1/ledgers"),
    ],
)
def test_what_is_nowhere_or_not_by_this_method_is_left_to_the_framework(
    method: str, path: str
) -> None:
    assert dispatch().find(method, path) is None


def test_a_name_for_less_than_a_part_is_left_to_the_framework() -> None:
    found = Dispatch(Named("framework"))
    found.add("GET", "/log/{name}.txt", Named("text"))
    assert found.find("GET", "/log/a.txt") is None


@pytest.mark.parametrize(
    ("path", "name", "values"),
    [
        ("/log/tile/entries/x001/000.p/3", "bundle", {"tile": "x001/000.p/3"}),
        ("/log/tile/entries/000", "bundle", {"tile": "000"}),
        ("/log/tile/entries/", "bundle", {"tile": ""}),
        ("/log/tile/0/x001//000", "tile", {"level": "0", "tile": "x001//000"}),
        ("/log/tile/0", None, {}),
        ("/log/tile//000", None, {}),
    ],
)
def test_a_last_name_may_stand_for_the_rest_of_the_path(
    path: str, name: str | None, values: dict[str, str]
) -> None:
    dispatch = Dispatch(Named("framework"))
    dispatch.add("GET", "/log/tile/entries/{tile:path}", Named("bundle"))
    dispatch.add("GET", "/log/tile/{level}/{tile:path}", Named("tile"))
    found = dispatch.find("GET", path)
    assert name_of(found) == name
    assert found is None or found[1] == values
    assert dispatch.find("POST", path) is None


def test_a_path_of_its_own_is_no_name_in_anothers(shop: Shop) -> None:
    """The framework would go on, and look for a version of the policy called preview."""
    problem_of(shop.get("/policies/preview"), 405, "method-not-allowed")
    problem_of(shop.get("/policies/previews"), 404, "policy-not-found")
