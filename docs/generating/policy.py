"""The policy document: every number of the rules, and what each preset makes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from docs.generating.markdown import opening, table
from domain.presets import PRESETS, sent_policy_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INTRODUCTION = """\
A policy contains every number that the rules use. A document may leave out the fields that are the
same as in the preset that it `extends` (`retail` by default); the stored policy is complete.
Publish one with `rapport policy`, or `POST /v1/ledgers/{ledger}/policies`; see [how to publish a
policy](../how-to/publish-a-policy.md), and [try it](../how-to/try-a-policy.md) first.
[policy.schema.json](policy.schema.json) is the JSON Schema of such a document, which `rapport
policy schema` prints too.
"""


def policy_page() -> str:
    """Every field with what it accepts and its default, and a table of the presets."""
    plain = {"extends": "retail", **dict(_leaves(PRESETS["retail"].document()))}
    fields = [
        (f"`{path}`", _accepts(schema), f"`{_display(plain.get(path))}`")
        for path, schema in _leaf_schemas(sent_policy_schema())
    ]
    names = [name for name in PRESETS if name != "retail"]
    leaves = {name: dict(_leaves(policy.document())) for name, policy in PRESETS.items()}
    compared = [
        (f"`{path}`", *(_display(leaves[name].get(path)) for name in ("retail", *names)))
        for path in plain
        if path not in {"extends", "name"}
        and len({_display(leaves[name].get(path)) for name in leaves}) > 1
    ]
    return "\n".join(
        (
            opening("Policy", "`domain/policy.py` and `domain/presets.py`", _INTRODUCTION),
            "## Fields\n",
            table(("field", "value", "in `retail`"), fields),
            "## Presets\n\nFields that are not listed have the same value as in `retail`.\n",
            table(("field", "`retail`", *(f"`{name}`" for name in names)), compared),
        )
    )


def policy_schema_page() -> str:
    """The JSON Schema of a document that can be published, as a file for editors and validators."""
    return json.dumps(sent_policy_schema(), indent=2, ensure_ascii=False) + "\n"


def _leaf_schemas(schema: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        yield path, schema
        return
    for name, part in properties.items():
        yield from _leaf_schemas(part, f"{path}.{name}" if path else name)


def _leaves(document: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        place = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value:
            yield from _leaves(value, place)
        else:
            yield place, value


def _accepts(schema: object) -> str:
    """What a JSON Schema of a policy field accepts, in words."""
    assert isinstance(schema, dict)
    if "anyOf" in schema:
        return " or ".join(_accepts(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    match schema["type"]:
        case "integer" if schema["maximum"] > 2**50:
            return f"whole number from {schema['minimum']}"
        case "integer":
            return f"whole number from {schema['minimum']} to {schema['maximum']}"
        case "array":
            return f"list of {schema['minItems']}: {_accepts(schema['items'])}"
        case "boolean":
            return "`true` or `false`"
        case "string" if "maxLength" not in schema:
            return str(schema["description"])
        case "string":
            return f"text of 1 to {schema['maxLength']} characters"
        case "object" if "description" in schema:
            return str(schema["description"])
        case "object":
            return "object from the `kind` of a custom event to its `points` and `window_days`"
    return "null"


def _display(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
