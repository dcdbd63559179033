"""Writes the fields that answers have and the client's classes lack: ``make client-fields``.

A field is put after the one that precedes it in the schema. What it means is said in the docstring
of its class where the name does not, and is written by hand.
"""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections import defaultdict
from dataclasses import fields, is_dataclass
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from tests.client.compared import compared
from tests.client.schemas import resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SCALARS = {"boolean": "bool", "integer": "int", "number": "float", "string": "str"}
_IMPORTS = {
    "Any": "from typing import Any",
    "UUID": "from uuid import UUID",
    "datetime": "from datetime import datetime",
}


def generate(pairs: Iterable[tuple[type, Mapping[str, Any], Mapping[str, Any]]]) -> list[Path]:
    """Write the missing fields of these classes into their files, which are returned.

    Raises:
        LookupError: a field holds a document for which the client has no class yet.
    """
    classes: dict[int, type] = {}
    found: dict[type, Mapping[str, Any]] = {}
    components: dict[type, Mapping[str, Any]] = {}
    for cls, schema, schemas in pairs:
        for part, shown in _with_parts(cls, schema, schemas):
            found.setdefault(part, shown)
            components.setdefault(part, schemas)
            classes[id(shown)] = part
    lacking = {cls: _lacking(cls, schema) for cls, schema in found.items()}
    lines: dict[Path, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for cls, names in lacking.items():
        inherited = {name for base in cls.__mro__[1:] for name in lacking.get(base, ())}
        for name in names:
            if name not in inherited:
                line = _declared(name, found[cls], components[cls], classes)
                lines[Path(inspect.getfile(cls))][_place(cls, name, found[cls])].append(line)
    for path, added in lines.items():
        _write(path, added)
    return sorted(lines)


def _with_parts(
    cls: type, schema: Mapping[str, Any], schemas: Mapping[str, Any]
) -> Iterator[tuple[type, Mapping[str, Any]]]:
    """A class with its schema, and those of the documents in its fields."""
    schema = resolved(schema, schemas)
    yield cls, schema
    hints = get_type_hints(cls)
    for name, shown in schema.get("properties", {}).items():
        part = _class_in(hints.get(_python_name(name)))
        if part is not None:
            yield from _with_parts(part, _document_in(shown, schemas), schemas)


def _class_in(hint: Any) -> type | None:
    if isinstance(hint, type) and is_dataclass(hint):
        return hint
    found = (_class_in(one) for one in get_args(hint))
    return next((one for one in found if one is not None), None)


def _document_in(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of the document in a field: it may be null, or one of many."""
    schema = resolved(schema, schemas)
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return _document_in(one, schemas)
    return _document_in(schema["items"], schemas) if "items" in schema else schema


def _lacking(cls: type, schema: Mapping[str, Any]) -> list[str]:
    known = {one.name for one in fields(cls)}
    return [name for name in schema.get("properties", {}) if _python_name(name) not in known]


def _python_name(name: str) -> str:
    return f"{name}_" if iskeyword(name) else name


def _declared(
    name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], classes: Mapping[int, type]
) -> str:
    hint = _hint(schema["properties"][name], schemas, classes, name)
    default = "" if name in schema.get("required", ()) else " = None"
    return f"    {_python_name(name)}: {hint}{default}\n"


def _hint(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], classes: Mapping[int, type], name: str
) -> str:
    """The type of a field in Python."""
    schema = resolved(schema, schemas)
    if "anyOf" in schema:
        present = next(one for one in schema["anyOf"] if one.get("type") != "null")
        return f"{_hint(present, schemas, classes, name)} | None"
    if schema.get("type") == "array":
        return f"tuple[{_hint(schema['items'], schemas, classes, name)}, ...]"
    if schema.get("type") == "object" and schema.get("required"):
        if id(schema) not in classes:
            raise LookupError(f"{name} holds a document for which the client has no class yet")
        return classes[id(schema)].__name__
    if schema.get("type") == "object":
        inside = [schema.get("additionalProperties"), *schema.get("properties", {}).values()]
        of = next((one["type"] for one in inside if one), None)
        return f"dict[str, {_SCALARS[of] if of else 'Any'}]"
    if schema.get("contentEncoding") == "base64":
        return "bytes"
    by_format = {"uuid": "UUID", "date-time": "datetime"}
    return by_format.get(schema.get("format", "")) or _SCALARS[schema.get("type", "string")]


def _place(cls: type, name: str, schema: Mapping[str, Any]) -> int:
    """The line of the file after which the field is written, from 1."""
    tree = ast.parse(Path(inspect.getfile(cls)).read_text(encoding="utf-8"))
    node = next(
        one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == cls.__name__
    )
    ends = {
        one.target.id: one.end_lineno
        for one in node.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    names = list(schema["properties"])
    before = reversed(names[: names.index(name)])
    known = (ends[_python_name(one)] for one in before if _python_name(one) in ends)
    return next(known, None) or min(filter(None, ends.values()), default=node.lineno + 1) - 1


def _write(path: Path, added: Mapping[int, list[str]]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for place in sorted(added, reverse=True):
        lines[place:place] = added[place]
    text = "".join(lines)
    declared = "".join(line for some in added.values() for line in some)
    needed = [line for name, line in _IMPORTS.items() if name in declared and line not in text]
    head = "from dataclasses import dataclass\n"
    text = text.replace(head, head + "".join(f"{line}\n" for line in needed), 1)
    path.write_text(text, encoding="utf-8")
    for command in (("check", "--quiet", "--select", "I001", "--fix"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *command, path], check=True)


if __name__ == "__main__":
    for written in generate(compared()):
        print(written)
