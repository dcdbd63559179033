from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

import pytest

from api.http.openapi.description import FURTHER_CONTENT
from api.http.problems import TITLES, status_of_code
from domain.events import CATALOGUE
from tests.api.asking import ended
from tests.api.endpoints import ENDPOINTS, document
from tests.api.log_reading import sealed
from tests.api.test_imports import GOOD, imported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.endpoints import Endpoint
    from tests.api.shop import Shop

DOCUMENT = document()

jsonschema: Any = importlib.import_module("jsonschema")  # it brings no types


def described(operation: Endpoint) -> Any:
    return DOCUMENT["paths"][operation.path][operation.method.lower()]


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, content in value.items():
            if name == "$ref":
                yield content
            yield from references(content)
    elif isinstance(value, list):
        for content in value:
            yield from references(content)


@pytest.mark.parametrize("operation", ENDPOINTS, ids=lambda one: one.name)
def test_every_operation_has_an_example_and_tells_its_problems(operation: Endpoint) -> None:
    told = described(operation)
    assert told["summary"]
    assert told["description"]
    good = [one for status, one in told["responses"].items() if status[0] == "2"]
    contents = [next(iter(one["content"].values())) for one in good if "content" in one]
    examples = [content["example"] for content in contents]
    assert examples
    assert all(example for example in examples)
    bad = {status: one for status, one in told["responses"].items() if int(status) >= 400}
    assert {"403", "406", "422", "500", "503"} <= set(bad)
    for status, one in bad.items():
        for code, example in one["content"]["application/problem+json"]["examples"].items():
            assert example["value"]["code"] == code
            assert example["value"]["status"] == int(status)
    if operation.takes_something:
        assert told["requestBody"]["content"]["application/json"]["examples"]
    for parameter in told["parameters"]:
        # A cursor is understood only by the ledger that gave it: any example would be refused.
        assert ("example" in parameter) != (parameter["name"] == "cursor")
        assert parameter["description"]


def test_every_path_parameter_is_described() -> None:
    for operation in ENDPOINTS:
        names = {one["name"] for one in described(operation)["parameters"] if one["in"] == "path"}
        assert names == set(re.findall("{([a-z]+)}", operation.path))


def test_operations_are_told_apart_by_their_names() -> None:
    names = [operation.name for operation in ENDPOINTS]
    assert len(names) == len(set(names))


def test_every_code_has_a_title_and_is_told_somewhere() -> None:
    told = {
        code
        for operation in ENDPOINTS
        for one in described(operation)["responses"].values()
        for code in one.get("content", {}).get("application/problem+json", {}).get("examples", ())
    }
    # A method that is not served, and what is no request, belong to no operation.
    elsewhere = {"method-not-allowed", "malformed-request", "head-too-large"}
    assert told == set(TITLES) - elsewhere
    assert all(400 <= status_of_code(code) <= 503 for code in TITLES)


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for reference in references(DOCUMENT):
        head, _, name = reference.rpartition("/")
        assert head == "#/components/schemas"
        assert name in schemas


def test_every_event_that_clients_may_send_is_described() -> None:
    sent = {cls for cls, one in CATALOGUE.items() if one.FROM_PRODUCERS}
    for name in ("SentEvent", "SentEventOfContact", "SentCloudEvent"):
        schemas = DOCUMENT["components"]["schemas"]
        told = [schemas[one["$ref"].rpartition("/")[2]] for one in schemas[name]["oneOf"]]
        assert {one["properties"]["type"]["const"] for one in told} == sent


@pytest.mark.parametrize("operation", ENDPOINTS, ids=lambda one: one.name)
def test_examples_fit_their_schemas(operation: Endpoint) -> None:
    told = described(operation)

    def check(value: object, schema: object) -> None:
        whole = {"components": DOCUMENT["components"], "allOf": [schema]}
        jsonschema.Draft202012Validator(whole).validate(value)

    for status in (one for one in told["responses"] if one[0] == "2"):
        content = told["responses"][status].get("content")
        if content is not None:
            first = next(iter(content.values()))
            check(first["example"], first["schema"])
    if operation.takes_something:
        body = told["requestBody"]
        for content in (body["content"] | body[FURTHER_CONTENT]).values():
            for example in content.get("examples", {}).values():
                check(example["value"], content["schema"])
            if "example" in content:
                check(content["example"], content["schema"])


def test_answers_fit_the_schemas_that_are_published(shop: Shop) -> None:
    document = shop.client.get("/openapi.json").json()
    shop.register("pos:1")
    shop.register("pos:2")
    referral = {"referral_id": "r", "direction": "inbound", "other": "pos:2", "level": 3}
    position = shop.append("pos:1", {"type": "referral-made", "data": referral}).json()["position"]
    shop.get("/statuses", min_position=position)
    filled = {"contact": "pos:1", "position": "2", "version": "1", "name": "status"}
    filled |= {"type": "visit-made", "ledger": shop.base.rpartition("/")[2]}
    filled |= {"level": "0", "tile": "000.p/1", "list": "lost"}
    required = {"position": position, "first": 1}
    filled |= {"import": imported(shop, GOOD)["id"]}
    filled |= {"valuation": ended(shop, shop.post("/valuations", {}))["result"]["id"]}
    webhook = {"url": "https://shop.example.org/in", "events": ["stage-changed"]}
    filled |= {"id": shop.post("/webhooks", webhook).json()["id"]}
    sealed(shop, position)
    for path, methods in document["paths"].items():
        if "get" not in methods or "{operation}" in path:
            continue
        asked = [one["name"] for one in methods["get"]["parameters"] if one["in"] == "query"]
        query = {name: value for name, value in required.items() if name in asked}
        if path.endswith("/referrals/path"):
            query |= {"from": "pos:1", "to": "pos:2"}
        answer = shop.client.get(path.format(**filled), params=query)
        assert answer.status_code == 200, path
        content = methods["get"]["responses"]["200"]["content"]
        if "application/json" not in content:
            continue
        schema = content["application/json"]["schema"]
        whole = {"components": document["components"], "allOf": [schema]}
        jsonschema.Draft202012Validator(whole).validate(answer.json())


def test_the_documentation_works_without_any_other_host(shop: Shop) -> None:
    page = shop.client.get("/docs")
    assert page.status_code == 200
    assert not re.findall(r"(?:src|href)=\"(?!/)", page.text)
    for asset in re.findall(r"(?:src|href)=\"(/docs/[^\"]+)\"", page.text):
        assert len(shop.client.get(asset).content) > 1000
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert shop.client.get("/openapi.json").json() == DOCUMENT
