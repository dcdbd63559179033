"""What generators of clients need of the OpenAPI document, beyond what OpenAPI asks for.

Decision 38 says which generator fails in which way where one of these does not hold.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from api.http.openapi.description import FURTHER_CONTENT
from docs.generating.http import openapi

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    pytest.param(operation, id=operation["operationId"])
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
]

Json = dict[str, Any]


def everything(value: object) -> Iterator[Json]:
    """Every JSON object in the value, itself included."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from everything(one)
    elif isinstance(value, list):
        for one in value:
            yield from everything(one)


def in_pascal_case(name: str) -> str:
    return "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))


def classes(name: str, schema: Json) -> Iterator[str]:
    """The names of the classes that a generator makes of a schema and of what stands inside it."""
    if schema.get("enum") or schema.get("type") == "object" or "oneOf" in schema:
        yield name
    for field, inner in schema.get("properties", {}).items():
        yield from classes(name + in_pascal_case(field), inner)
    if isinstance(schema.get("items"), dict):
        yield from classes(f"{name}Item", schema["items"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_has_a_name_that_is_a_function_everywhere(operation: Json) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
    assert len(operation["tags"]) == 1


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_body_is_json_and_lists_other_media_types_apart(operation: Json) -> None:
    if "requestBody" in operation:
        body = operation["requestBody"]
        assert list(body["content"]) == ["application/json"]
        assert "application/json" not in body.get(FURTHER_CONTENT, {})


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_begins_with_the_media_type_that_clients_are_given(operation: Json) -> None:
    """Generators take the first that they know, and the server sends it where none is asked for."""
    known = {"application/json", "application/problem+json", "application/octet-stream"}
    lines = {"application/jsonl"}
    for answer in operation["responses"].values():
        for media_type in list(answer.get("content", ()))[:1]:
            assert media_type in known | lines or media_type.startswith("text/")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_parameter_is_a_value_and_not_a_constant(operation: Json) -> None:
    for parameter in operation["parameters"]:
        schema = parameter["schema"]
        assert "const" not in schema
        types = {schema.get("type"), *(one.get("type") for one in schema.get("anyOf", ()))}
        assert types - {None} <= {"string", "integer", "boolean"}
        assert types != {None}


def test_a_component_is_named_by_its_name_alone() -> None:
    """Some generators prefer a title to the name of the component."""
    assert [name for name, one in SCHEMAS.items() if one.get("title", name) != name] == []


def test_no_two_classes_have_one_name() -> None:
    made = [
        one for name, schema in SCHEMAS.items() for one in classes(in_pascal_case(name), schema)
    ]
    assert [name for name, count in Counter(made).items() if count > 1] == []


def test_a_choice_of_objects_names_each_of_them() -> None:
    """Else they are named by their place, and one more in between changes what a name means."""
    for schema in everything(DOCUMENT):
        objects = [
            one
            for one in (*schema.get("oneOf", ()), *schema.get("anyOf", ()))
            if isinstance(one, dict) and ("$ref" in one or one.get("type") == "object")
        ]
        if len(objects) > 1:
            names = [one.get("$ref") or one.get("title") for one in objects]
            assert all(names), schema
            assert len(names) == len(set(names)), schema


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_body_is_left_open(operation: Json) -> None:
    """An empty schema would be a value of any type in a generated client."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for content in body.get("content", {}).values():
            assert content["schema"].keys() & {"$ref", "type", "oneOf", "anyOf"}
