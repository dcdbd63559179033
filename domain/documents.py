"""Documents of nested sections: frozen dataclasses whose fields name their kinds.

The policy is such a document. What a document leaves out stays as it is in the section it changes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, get_type_hints

from domain.errors import FieldError, Invalid
from domain.kinds import Kind, Whole, escape_pointer, no_names, wrong

if TYPE_CHECKING:
    from domain.kinds import ContactNames


@dataclass(frozen=True)
class ListKind(Kind):
    """A list of exactly ``length`` values of one kind."""

    one: Whole
    length: int

    def read(self, value: object, names: ContactNames = no_names) -> tuple[int, ...]:
        if not isinstance(value, list | tuple) or len(value) != self.length:
            wrong("wrong-type", f"must be a list of {self.length} whole numbers")
        found = []
        for place, item in enumerate(value):
            try:
                found.append(self.one.read(item))
            except Invalid as error:
                raise error.within(f"/{place}") from None
        return tuple(found)

    def schema(self) -> dict[str, object]:
        sizes = {"minItems": self.length, "maxItems": self.length}
        return {"type": "array", "items": self.one.schema(), **sizes}


def read_section(base: Any, document: object, pointer: str, *, kept: bool = False) -> Any:
    """``base``, a section, with what the document says changed.

    One that is ``kept`` may be older than the rule for texts.

    Raises:
        Invalid: naming every field that is wrong, with pointers below ``pointer``.
    """
    if not isinstance(document, dict):
        raise Invalid.at(pointer, "wrong-type", "must be an object")
    hints = get_type_hints(type(base), include_extras=True, localns={"Mapping": dict})
    errors: list[FieldError] = []
    changed: dict[str, object] = {}
    names = {declared.name for declared in fields(base)}
    for name, value in document.items():
        place = f"{pointer}/{escape_pointer(name)}"
        if name not in names:
            errors.append(FieldError(place, "unknown-field", "the policy has no such field"))
            continue
        current = getattr(base, name)
        try:
            if is_dataclass(current):
                changed[name] = read_section(current, value, place, kept=kept)
            else:
                changed[name] = _read_value(hints[name], value, place, kept=kept)
        except Invalid as error:
            errors.extend(error.errors)
    if errors:
        raise Invalid(errors)
    return replace(base, **changed)


def _read_value(hint: Any, value: object, pointer: str, *, kept: bool) -> object:
    kind, optional = _kind(hint)
    if value is None and optional:
        return None
    try:
        return kind.read_kept(value) if kept else kind.read(value)
    except Invalid as error:
        raise error.within(pointer) from None


def _kind(hint: Any) -> tuple[Kind, bool]:
    """The kind an annotation carries, and whether null is allowed beside it."""
    parts = getattr(hint, "__args__", ())
    optional = type(None) in parts
    for part in (hint, *parts):
        for mark in getattr(part, "__metadata__", ()):
            if isinstance(mark, Kind):
                return mark, optional
    raise TypeError(f"no kind on {hint}")


def section_schema(cls: Any) -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a section."""
    hints = get_type_hints(cls, include_extras=True, localns={"Mapping": dict})
    properties: dict[str, object] = {}
    for declared in fields(cls):
        hint = hints[declared.name]
        if is_dataclass(hint):
            properties[declared.name] = section_schema(hint)
            continue
        kind, optional = _kind(hint)
        schema = kind.schema()
        properties[declared.name] = {"anyOf": [schema, {"type": "null"}]} if optional else schema
    return {"type": "object", "properties": properties, "additionalProperties": False}


def plain(value: Any) -> Any:
    """Tuples as lists, all the way down."""
    if isinstance(value, dict):
        return {name: plain(content) for name, content in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
