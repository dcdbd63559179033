"""Lines and problems that were recorded are what the OpenAPI document says of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own

from api.http.openapi.responses import ITEM_SCHEMA
from tests.wire.__main__ import ANSWERS, DOCUMENT

if TYPE_CHECKING:
    from tests.wire.recording import Json

EXCHANGES: list[Json] = json.loads(ANSWERS.read_text(encoding="utf-8"))
COMPONENTS: Json = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]


def bodies(media_type: str) -> list[Any]:
    """The bodies of this kind."""
    kinds = [(one.get("headers", {}).get("content-type", ""), one["body"]) for one in EXCHANGES]
    return [body for kind, body in kinds if kind.partition(";")[0] == media_type]


def validate(value: object, *names: str) -> None:
    """Fail unless the value is one of these components and has no field beyond it."""
    closed = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    schema = {"components": COMPONENTS, "oneOf": closed, "unevaluatedProperties": False}
    jsonschema.Draft202012Validator(schema).validate(value)


def test_every_recorded_problem_is_what_the_document_says() -> None:
    problems = bodies("application/problem+json")
    assert len(problems) > 10
    for problem in problems:
        validate(problem, "Problem")


def test_every_recorded_line_is_what_the_document_says() -> None:
    kinds = {one["$ref"].rpartition("/")[2] for one in _kinds_of_lines()}
    assert kinds == {"Event", "AppendedLine", "RefusedLine", "ReplayedStatus", "PreviewedChange"}
    lines = [line for body in bodies("application/jsonl") for line in body]
    lines += [line for body in bodies("application/x-ndjson") for line in body]
    assert len(lines) > 10
    for line in lines:
        validate(line, *sorted(kinds))
    for name in kinds - {"PreviewedChange"}:
        assert any(_is(line, name) for line in lines), name


def _is(line: object, name: str) -> bool:
    try:
        validate(line, name)
    except jsonschema.ValidationError:
        return False
    return True


def _kinds_of_lines() -> list[Json]:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    found = []
    for methods in document["paths"].values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                for content in answer.get("content", {}).values():
                    item = content["schema"].get(ITEM_SCHEMA)
                    if item is not None:
                        found.extend(item.get("oneOf", [item]))
    return found
