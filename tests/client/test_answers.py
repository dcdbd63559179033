"""Each answer class has the fields of the OpenAPI document, of the same types, and no others."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime  # noqa: TC003  # fields are read by their types
from typing import Any, get_args, get_type_hints
from uuid import UUID  # noqa: TC003  # fields are read by their types

import pytest

import rapport_client
from api.service.answers import replays
from rapport_client import answers
from tests.api.endpoints import document
from tests.client.schemas import differences

DOCUMENT = document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
LEDGER = "/v1/ledgers/{ledger}"
CONTACT = f"{LEDGER}/contacts/{{contact}}"

ANSWERS = {
    "Appended": ("post", f"{CONTACT}/events"),
    "AppendedMany": ("post", f"{LEDGER}/events"),
    "Calibration": ("get", f"{LEDGER}/calibration"),
    "ConsistencyProof": ("get", f"{LEDGER}/log/proofs/consistency"),
    "Contact": ("get", CONTACT),
    "Erased": ("post", f"{CONTACT}/erasure"),
    "FoundContact": ("get", f"{LEDGER}/contacts"),
    "InclusionProof": ("get", f"{LEDGER}/log/proofs/inclusion"),
    "Ledger": ("post", "/v1/ledgers"),
    "Person": ("get", f"{CONTACT}/export"),
    "PolicyVersion": ("get", f"{LEDGER}/policies"),
    "PreviewOperation": ("post", f"{LEDGER}/policies/preview"),
    "RecordedEvent": ("get", f"{LEDGER}/events/{{position}}"),
    "ReplayOperation": ("post", f"{LEDGER}/replays"),
    "Restatement": ("get", f"{LEDGER}/restatements"),
    "Standing": ("get", f"{CONTACT}/standing"),
    "StandingRow": ("get", f"{LEDGER}/standings"),
    "Status": ("get", f"{CONTACT}/status"),
    "StatusHistory": ("get", f"{CONTACT}/status/history"),
    "StatusRow": ("get", f"{LEDGER}/statuses"),
    "Summary": ("get", f"{LEDGER}/statuses/summary"),
}
"""Each class that a method returns, with an operation that answers with it or a list of it."""

LINES = {"ReplayedStatus", "PreviewedChange"}
"""Lines of results, which the document describes in words, joined by these."""
JOINING = {"and", "over", "a", "window"}


def schema_of(method: str, path: str) -> dict[str, Any]:
    """The schema of what an operation answers, of one item where that is a page."""
    responses = DOCUMENT["paths"][path][method]["responses"]
    success = next(one for status, one in responses.items() if status.startswith("2"))
    schema: dict[str, Any] = success["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    properties = schema["properties"]
    found: dict[str, Any] = properties["items"]["items"] if "items" in properties else schema
    return found


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_class_has_the_fields_of_its_schema(name: str) -> None:
    schema = schema_of(*ANSWERS[name])
    if name == "Appended":  # the client adds the contact of the whole answer to each event
        shared = ("contact_id", "counts_for")
        events = schema["properties"]["events"]
        item = SCHEMAS["AppendedEvent"]
        item = {
            **item,
            "properties": {**item["properties"], **{n: schema["properties"][n] for n in shared}},
            "required": [*item["required"], *shared],
        }
        schema = {
            **schema,
            "properties": {**schema["properties"], "events": {**events, "items": item}},
        }
    assert list(differences(getattr(rapport_client, name), schema, SCHEMAS)) == []


def test_the_result_of_a_rebuild_has_the_fields_of_the_server() -> None:
    """The document says of it only that it is an object."""
    schema = replays.Rebuilt.model_json_schema()
    assert list(differences(rapport_client.Rebuilt, schema, schema.get("$defs", {}))) == []
    told = {**SCHEMAS["Operation"]["properties"], "result": {"type": "object"}}
    assert {one.name for one in fields(rapport_client.RebuildOperation)} == set(told)


@pytest.mark.parametrize("name", sorted(LINES))
def test_a_line_of_a_result_has_the_fields_that_the_document_names(name: str) -> None:
    responses = DOCUMENT["paths"][f"{LEDGER}/operations/{{operation}}/result"]["get"]["responses"]
    lines = responses["200"]["content"]["application/jsonl"]
    of_replay, of_preview = lines["schema"]["description"].split("Of a preview:")
    told = of_replay if name == "ReplayedStatus" else of_preview
    names = {one.name.rstrip("_") for one in fields(getattr(rapport_client, name))}
    assert names == set(re.findall(r"[a-z_]+", told.removeprefix("Of a replay:"))) - JOINING
    if name == "ReplayedStatus":
        assert names == set(json.loads(lines["example"].splitlines()[0]))


def test_every_answer_class_is_compared_and_exported() -> None:
    """Directly, or as the type of a field of one that is."""
    found = {
        name
        for module in pkgutil.iter_modules(answers.__path__, f"{answers.__name__}.")
        for name, cls in vars(importlib.import_module(module.name)).items()
        if is_dataclass(cls) and not name.startswith("_")
    }
    todo, compared = {*ANSWERS, *LINES, "RebuildOperation"}, {"Operation"}
    while todo:
        name = todo.pop()
        compared.add(name)
        hints = get_type_hints(getattr(rapport_client, name))
        todo |= {one for hint in hints.values() for one in _classes(hint)} - compared
    assert found == compared
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
