"""Each answer class has the fields of the OpenAPI document, of the same types, and no others."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime  # noqa: TC003  # fields are read by their types
from typing import Any, get_args, get_type_hints
from uuid import UUID  # noqa: TC003  # fields are read by their types

import pytest

import rapport_client
from api.http.openapi.responses import ITEM_SCHEMA
from rapport_client import answers
from rapport_client.answers.operations import BY_KIND
from tests.client.compared import ANSWERS, DOCUMENT, LEDGER, LINES, SCHEMAS, compared
from tests.client.schemas import differences

PAIRS = [pytest.param(*one, id=one[0].__name__) for one in compared()]


@pytest.mark.parametrize(("cls", "schema", "schemas"), PAIRS)
def test_a_class_has_the_fields_of_its_schema(
    cls: type, schema: dict[str, Any], schemas: dict[str, Any]
) -> None:
    assert list(differences(cls, schema, schemas)) == []


def test_every_kind_of_operation_is_one_with_a_result() -> None:
    told = set(SCHEMAS["Operation"]["properties"])
    for cls in BY_KIND.values():
        assert {one.name for one in fields(cls)} == told


def test_the_lines_of_results_are_those_of_the_document() -> None:
    responses = DOCUMENT["paths"][f"{LEDGER}/operations/{{operation}}/result"]["get"]["responses"]
    kinds = responses["200"]["content"]["application/jsonl"]["schema"][ITEM_SCHEMA]["oneOf"]
    assert {one["$ref"].rpartition("/")[2] for one in kinds} == LINES


def test_every_answer_class_is_compared_and_exported() -> None:
    """Directly, or as the type of a field of one that is."""
    found = {
        name
        for module in pkgutil.iter_modules(answers.__path__, f"{answers.__name__}.")
        for name, cls in vars(importlib.import_module(module.name)).items()
        if is_dataclass(cls) and not name.startswith("_")
    }
    todo, reached = {*ANSWERS, *LINES, "RebuildOperation"}, {"Operation"}
    while todo:
        name = todo.pop()
        reached.add(name)
        hints = get_type_hints(getattr(rapport_client, name))
        todo |= {one for hint in hints.values() for one in _classes(hint)} - reached
    assert found == reached
    assert found <= set(rapport_client.__all__)


def _classes(hint: Any) -> set[str]:
    if isinstance(hint, type) and is_dataclass(hint):
        return {hint.__name__}
    return {name for one in get_args(hint) for name in _classes(one)}


@dataclass(frozen=True, kw_only=True)
class Drifted:
    """What drifts, in each way that it can."""

    gone: str
    count: str
    at: datetime
    contact_id: UUID
    since: datetime
    events: tuple[str, ...]
    note: str


def test_a_class_that_drifts_from_its_schema_is_found() -> None:
    instant = {"type": "string", "format": "date-time"}
    uuid = {"type": "string", "format": "uuid"}
    schema = {
        "type": "object",
        "properties": {
            "count": {"type": "integer"},
            "at": instant,
            "contact_id": uuid,
            "since": {"anyOf": [instant, {"type": "null"}]},
            "events": {"type": "array", "items": uuid},
            "note": {"type": "string"},
            "rests_on": {"type": "string"},
        },
        "required": ["count", "at", "contact_id", "since", "events", "rests_on"],
    }
    found = {one.partition(":")[0] for one in differences(Drifted, schema, {})}
    assert found == {f"Drifted.{n}" for n in ("gone", "count", "since", "note", "rests_on")} | {
        "Drifted.events[]"
    }
