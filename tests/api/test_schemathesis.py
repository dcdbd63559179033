"""Whatever is sent to any operation, it is answered as the OpenAPI document says, and never 500.

Examples are made by schemathesis from the document itself, right ones and wrong ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import schemathesis
from hypothesis import Phase, settings
from schemathesis import checks

from api.http.app import create_app
from api.service.limits import ServiceLimits
from ledger.access.scopes import SCOPES
from rapport_client import Client, NewEvent
from tests.api.endpoints import ENDPOINTS
from tests.api.generated import (
    APPENDS,
    POSITIONS,
    acceptance,
    at_edge_of,
    edges_of_appending,
    in_whole_numbers,
    is_right,
    is_wrong,
    of_body,
    one_operation,
    rejection,
    unfailing,
    whole_document,
)
from tests.api.shop import Clock, built, listening, purchase, registration
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis.specs.openapi.schemas import OpenApiSchema

    from api.service.server import Server

EXAMPLES = 8

LONG = {
    "create_ledger": "every edge makes a ledger, and hundreds of ledgers make a server slow",
    "publish_policy": "every edge of every rule of a policy is a request",
}
"""Operations whose edges ``make test`` leaves out, and why."""

KEYED: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _named_as_before(request: pytest.FixtureRequest) -> None:
    """Give the test the attribute by which schemathesis 4.32 names it, which pytest 9.2 dropped."""
    request.node._nodeid = request.node.nodeid


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """The document. Its cases are made when a test runs, and not when the tests are collected."""
    return whole_document()


def _asked() -> Iterator[object]:
    for one in ENDPOINTS:
        yield pytest.param((one.name, one.name not in LONG), id=one.name)
    for name, reason in LONG.items():
        yield pytest.param((name, True), id=f"{name}, edges", marks=pytest.mark.long(reason))


@pytest.fixture(params=list(_asked()))
def operation(told: dict[str, Any], request: pytest.FixtureRequest) -> OpenApiSchema:
    name, edges = request.param
    return one_operation(told, name, edges=edges)


@pytest.fixture(params=APPENDS)
def append(request: pytest.FixtureRequest) -> OpenApiSchema:
    return edges_of_appending(request.param)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on which the contact of the examples has a past; nobody waits there for long."""
    folder = tmp_path_factory.mktemp("schemathesis") / "data"
    with (
        built(folder, Clock(), ServiceLimits(wait_seconds=0.05)) as server,
        listening(create_app(server)) as address,
        Client(address, key=_key(server)) as client,
    ):
        sales = [purchase(f"s{number}") for number in range(POSITIONS)]
        for contact in ("pos:17850", "pos:2"):
            events = [registration(), *sales]
            client.append(contact, *(NewEvent(one["type"], one["data"]) for one in events))
        referral = {"direction": "inbound", "level": 3}
        for referral_id, contact, other in (
            ("r1", "pos:17850", "pos:2"),
            ("r2", "pos:2", "pos:17850"),
        ):
            data = {**referral, "referral_id": referral_id, "other": other}
            made = client.append(contact, NewEvent("referral-made", data))
        client.contact("pos:2", min_position=made.position)
        yield address


def _key(server: Server) -> str:
    """A key that may do everything, which every request brings from now on."""
    _, secret = server.keys.make("everything", SCOPES)
    KEYED["Authorization"] = f"Bearer {secret}"
    return secret


def make_right(case: schemathesis.Case[Any], url: str) -> None:
    """Let what looks right be right here: a cursor that was given, a position that there is."""
    if "cursor" in case.query and (cursor := given_cursor(case, url)):
        case.query["cursor"] = cursor
    else:
        case.query.pop("cursor", None)
    case.query.pop("token", None)  # the key is in a header, and one request sends one
    for less, more in (("position", "tree_size"), ("first", "second")):
        if {less, more} <= case.query.keys():
            both = sorted(int(case.query[name]) for name in (less, more))
            case.query[less], case.query[more] = both
    known_at = str(case.query.get("as_known_at"))
    if known_at.isdecimal():
        case.query["as_known_at"] = int(known_at) % POSITIONS


def make_conditions_right(case: schemathesis.Case[Any], url: str) -> None:
    """Let conditions hold half of the time, and keep them from answering for the body.

    Also puts on the quotes, and the asterisk, that schemathesis forgets at the edges of everything
    else.
    """
    if of_body(case):
        case.headers.pop("If-Match", None)
        case.headers.pop("If-None-Match", None)
    if case.headers.get("If-None-Match", "*") != "*" and at_edge_of_another(case, "If-None-Match"):
        case.headers["If-None-Match"] = "*"
    version = case.headers.get("If-Match", "")
    if version.isdecimal() and at_edge_of_another(case, "If-Match"):
        case.headers["If-Match"] = f'"{version}"'
    elif not is_wrong(case) and re.fullmatch('"[0-9]*[13579]"', version):
        there = httpx.get(url + case.formatted_path, headers=KEYED, timeout=END_SECONDS)
        case.headers["If-Match"] = there.headers.get("etag", '"0"')


def at_edge_of_another(case: schemathesis.Case[Any], header: str) -> bool:
    """Whether something else than this header is brought to its edge, or a right edge of it is."""
    return at_edge_of(case) not in (None, header if is_wrong(case) else "")


def given_cursor(case: schemathesis.Case[Any], url: str) -> str | None:
    """What leads to the second page of a list, if it has one."""
    query = {name: value for name, value in case.query.items() if name not in ("cursor", "limit")}
    page = httpx.get(
        url + case.formatted_path, params={**query, "limit": 1}, headers=KEYED, timeout=END_SECONDS
    )
    return page.json().get("next_cursor") if page.status_code == 200 else None


def validate(case: schemathesis.Case[Any], url: str) -> None:
    if is_right(case):
        case.body = in_whole_numbers(case.body)
        if case.query:
            make_right(case, url)
    make_conditions_right(case, url)
    try:
        case.call_and_validate(
            base_url=url,
            headers=KEYED,
            timeout=END_SECONDS,
            additional_checks=[acceptance, unfailing, rejection],
            excluded_checks=[
                # Called by ours, but for what they say of themselves.
                checks.positive_data_acceptance,
                checks.not_a_server_error,
                checks.negative_data_rejection,
            ],
        )
    finally:
        if case.operation.path.endswith("/archive"):  # or all that follows would be refused
            httpx.delete(
                f"{url}/v1/ledgers/main/archive", headers=KEYED, timeout=END_SECONDS
            ).raise_for_status()


@schemathesis.pytest.from_fixture("operation").parametrize()
@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])
def test_every_answer_is_documented(case: schemathesis.Case[Any], url: str) -> None:
    validate(case, url)


@pytest.mark.long("six hundred requests at each of two operations; random ones stay in the other")
@schemathesis.pytest.from_fixture("append").parametrize()
@settings(phases=[Phase.explicit])
def test_at_every_edge_of_an_append_the_answer_is_documented(
    case: schemathesis.Case[Any], url: str
) -> None:
    validate(case, url)
