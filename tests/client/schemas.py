"""Compares the client's answer classes with the schemas of the OpenAPI document."""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCALARS = {bool: "boolean", int: "integer", float: "number", str: "string", bytes: "string"}


def differences(
    cls: type, schema: Mapping[str, Any], schemas: Mapping[str, Any], path: str = ""
) -> Iterator[str]:
    """Each place where a class and the schema of an object differ, such as ``Status.since: ...``.

    A field of the schema that is not required must have a default in the class, and the other way
    round. ``schemas`` are those that a ``$ref`` names, by their names.
    """
    path = path or cls.__name__
    schema = resolved(schema, schemas)
    shown, required = dict(schema["properties"]), set(schema.get("required", ()))
    hints = get_type_hints(cls)
    kept = {one.name.rstrip("_"): one for one in fields(cls)}
    yield from (f"{path}.{name}: not in the class" for name in shown.keys() - kept.keys())
    yield from (f"{path}.{name}: not in the schema" for name in kept.keys() - shown.keys())
    for name in sorted(kept.keys() & shown.keys()):
        if (kept[name].default is MISSING) != (name in required):
            yield f"{path}.{name}: required in the one, not in the other"
        hint = hints[kept[name].name]
        yield from _of_value(hint, shown[name], schemas, f"{path}.{name}")


def _of_value(
    hint: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], path: str
) -> Iterator[str]:
    schema = resolved(schema, schemas)
    if hint is Any:
        return
    if "anyOf" in schema:
        present = [one for one in schema["anyOf"] if one.get("type") != "null"]
        if len(present) != len(schema["anyOf"]):
            if get_origin(hint) is not types.UnionType:
                yield f"{path}: may be null, and is {hint}"
                return
            hint = get_args(hint)[0]
        yield from _of_value(hint, present[0], schemas, path)
    elif isinstance(hint, type) and is_dataclass(hint):
        if schema.get("type") == "object" and "properties" in schema:
            yield from differences(hint, schema, schemas, path)
        else:
            yield f"{path}: is {hint.__name__}, and the schema names no fields"
    elif get_origin(hint) is tuple and schema.get("type") == "array":
        yield from _of_value(get_args(hint)[0], schema["items"], schemas, f"{path}[]")
    elif not _is_same(hint, schema):
        yield f"{path}: is {hint}, and the schema says {dict(schema)}"


def _is_same(hint: Any, schema: Mapping[str, Any]) -> bool:
    if hint is UUID:
        return schema.get("format") == "uuid"
    if hint is datetime:
        return schema.get("format") == "date-time"
    if schema.get("format") in {"uuid", "date-time"}:
        return False
    if get_origin(hint) is dict:  # an open object, or counts by names that a newer server may add
        return schema.get("type") == "object" and not schema.get("required")
    return bool(SCALARS.get(hint) == schema.get("type", "string"))


def resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a reference leads to, and the one schema that several together are."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "allOf" in schema:
        parts = [resolved(one, schemas) for one in schema["allOf"]]
        return {
            "type": "object",
            "properties": {name: one for part in parts for name, one in part["properties"].items()},
            "required": [name for part in parts for name in part.get("required", ())],
        }
    return schema
