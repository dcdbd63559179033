"""The schemas that the OpenAPI document refers to: those of answers, named; and those of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic.json_schema import models_json_schema

from api.http.wire.path_types import CONTACT_NAME
from api.http.wire.proposals import FitTarget
from api.service.answers.document import SCHEMA_NAMED, Document
from api.service.answers.events import AppendedLine, RefusedLine
from api.service.answers.previews import PreviewedChange, ReplayedStatus
from api.service.answers.problems import Problem
from api.service.event_schemas import (
    cloud_event,
    data_name,
    data_schema,
    from_clients,
    ref,
    sent_event,
)
from domain.events import CATALOGUE
from domain.kept_policies import kept_policy_schema
from domain.presets import sent_policy_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_COMPONENTS = "#/components/schemas/"
_PROBLEMS_AND_LINES = (Problem, AppendedLine, RefusedLine, ReplayedStatus, PreviewedChange)
"""The models that FastAPI does not find, because no endpoint returns one by itself."""


def of_problems_and_lines() -> Mapping[str, Any]:
    """The schemas of problems and of lines, with those of their parts."""
    models: list[tuple[type[Document], Literal["serialization"]]] = [
        (model, "serialization") for model in _PROBLEMS_AND_LINES
    ]
    _, schema = models_json_schema(models, ref_template=f"{_COMPONENTS}{{model}}")
    named: Mapping[str, Any] = schema["$defs"]
    return named


def with_names(document: dict[str, Any]) -> dict[str, Any]:
    """The document with each schema under the name of its model, and no titles but of models.

    FastAPI calls ``Page[Ledger]`` ``Page_Ledger_``, whatever the model calls itself.
    """
    schemas: dict[str, Any] = document["components"]["schemas"]
    names = {name: schema.get("title", name) for name, schema in schemas.items()}
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            field.pop("title", None)
    document["components"]["schemas"] = {
        names[name]: schema for name, schema in sorted(schemas.items())
    }
    referring: dict[str, Any] = _referring(document, names)
    return referring


def with_references(document: dict[str, Any]) -> dict[str, Any]:
    """The document with references where a schema names a component that is made elsewhere."""
    referring: dict[str, Any] = _referring(document, {})
    return referring


def of_events() -> Mapping[str, Any]:
    """The schemas of what clients send, which are made of the kinds that read it."""
    contact = {**CONTACT_NAME, "description": "A UUID, or `source:ref`."}
    policy, sent_policy = (
        {name: part for name, part in schema.items() if name not in {"$schema", "title"}}
        for schema in (kept_policy_schema(), sent_policy_schema())
    )
    sent = {f"Sent.{cls.TYPE}": sent_event(cls) for cls in from_clients()}
    sent_of_contact = {
        f"SentOfContact.{cls.TYPE}": sent_event(cls, contact=contact) for cls in from_clients()
    }
    cloud_events = {f"CloudEvent.{cls.TYPE}": cloud_event(cls) for cls in from_clients()}
    return {
        "SentEvent": _one_of(sent),
        "SentEventOfContact": _one_of(sent_of_contact),
        "SentCloudEvent": {
            "description": "CloudEvents 1.0. Extension attributes are ignored.",
            **_one_of(cloud_events),
        },
        **sent,
        **sent_of_contact,
        **cloud_events,
        **{data_name(cls): data_schema(cls) for cls in from_clients()},
        "EventTypeName": {"type": "string", "enum": sorted(CATALOGUE)},
        "Policy": policy,
        "SentPolicy": sent_policy,
        "FitTarget": FitTarget.schema_of(),
    }


def _one_of(names: Iterable[str]) -> dict[str, Any]:
    return {"oneOf": [ref(name) for name in names]}


def _referring(schema: Any, names: Mapping[str, str]) -> Any:
    """The schema with references to components by their names, also to those made elsewhere."""
    if isinstance(schema, dict):
        if SCHEMA_NAMED in schema:
            return ref(schema[SCHEMA_NAMED])
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(_COMPONENTS)
            return {**schema, **ref(names.get(name, name))}
        return {name: _referring(value, names) for name, value in schema.items()}
    if isinstance(schema, list):
        return [_referring(value, names) for value in schema]
    return schema
