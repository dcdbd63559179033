"""The kinds of values that hold several texts: references, attributes and items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import Invalid
from domain.kinds import (
    MAX_TEXT,
    MAX_WHOLE,
    Kind,
    Text,
    Whole,
    escape_pointer,
    no_names,
    read_kept_text,
    read_text,
    wrong,
)
from domain.text import FREE, IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.kinds import ContactNames

    Read = Callable[[Kind, object], object]
    """How each part is read: as it comes in, or as it may be kept since before."""


def _as_it_comes(kind: Kind, value: object) -> object:
    return kind.read(value)


def _as_it_is_kept(kind: Kind, value: object) -> object:
    return kind.read_kept(value)


def _within(pointer: str, read: Read, kind: Kind, value: object) -> object:
    """What is read, with its errors seen from what holds it."""
    try:
        return read(kind, value)
    except Invalid as error:
        raise error.within(pointer) from None


SOURCE = Text(32, IDENTIFIER)
REF = Text(200, IDENTIFIER)
ATTRIBUTE_NAME = Text(100, IDENTIFIER)


class Content(Kind):
    """What an attribute holds: a text, also an empty one, a whole number, true, false or null."""

    def read(self, value: object, names: ContactNames = no_names) -> object:
        return read_text(value, MAX_TEXT, FREE, least=0) if _is_text(value) else value

    def read_kept(self, value: object, names: ContactNames = no_names) -> object:
        return read_kept_text(value, MAX_TEXT, least=0) if _is_text(value) else value

    def as_compared(self, value: object) -> object:
        return FREE.as_compared(value) if isinstance(value, str) else value

    def schema(self) -> dict[str, object]:
        text = {**Text().schema(), "minLength": 0}
        return {"anyOf": [text, Whole(-MAX_WHOLE).schema(), {"type": ["boolean", "null"]}]}


def _is_text(value: object) -> bool:
    """Whether it is to be read as a text; all else that can be in an attribute is itself."""
    if value is None or isinstance(value, bool):
        return False
    if isinstance(value, int):
        Whole(-MAX_WHOLE).read(value)
        return False
    return True


CONTENT = Content()


@dataclass(frozen=True)
class References(Kind):
    """What other systems call the contact: a list of ``{"source", "ref"}``."""

    most: int = 50

    def read(self, value: object, names: ContactNames = no_names) -> tuple[tuple[str, str], ...]:
        return self._read(value, _as_it_comes, self.most)

    def read_kept(self, value: object, names: ContactNames = no_names) -> object:
        return self._read(value, _as_it_is_kept, self.most + 1)  # the ledger adds the contact's own

    def as_compared(self, value: object) -> object:
        if not isinstance(value, tuple):
            return value
        return tuple((SOURCE.as_compared(one), REF.as_compared(ref)) for one, ref in value)

    def _read(self, value: object, read: Read, most: int) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, list) or len(value) > most:
            wrong("wrong-type", f"must be a list of at most {self.most} references")
        return tuple(self._read_one(item, f"/{place}", read) for place, item in enumerate(value))

    @staticmethod
    def _read_one(item: object, pointer: str, read: Read) -> tuple[str, str]:
        if not isinstance(item, dict) or set(item) != {"source", "ref"}:
            raise Invalid.at(pointer, "wrong-type", "must have exactly source and ref")
        source = _within(f"{pointer}/source", read, SOURCE, item["source"])
        return str(source), str(_within(f"{pointer}/ref", read, REF, item["ref"]))

    def show(self, value: object) -> object:
        assert isinstance(value, tuple)
        return [{"source": source, "ref": ref} for source, ref in value]

    def pack(self, value: object) -> object:
        assert isinstance(value, tuple)
        return [list(reference) for reference in value]

    def unpack(self, packed: object) -> object:
        assert isinstance(packed, list)
        return tuple((source, ref) for source, ref in packed)

    def schema(self) -> dict[str, object]:
        one = {
            "type": "object",
            "properties": {"source": SOURCE.schema(), "ref": REF.schema()},
            "required": ["source", "ref"],
            "additionalProperties": False,
        }
        return {"type": "array", "items": one, "maxItems": self.most}


@dataclass(frozen=True)
class Attributes(Kind):
    """A flat object: names to strings, whole numbers, true, false or null."""

    most: int = 50

    def read(self, value: object, names: ContactNames = no_names) -> dict[str, object]:
        return self._read(value, _as_it_comes)

    def read_kept(self, value: object, names: ContactNames = no_names) -> object:
        return self._read(value, _as_it_is_kept)

    def as_compared(self, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {
            ATTRIBUTE_NAME.as_compared(name): CONTENT.as_compared(content)
            for name, content in value.items()
        }

    def _read(self, value: object, read: Read) -> dict[str, object]:
        if not isinstance(value, dict) or len(value) > self.most:
            wrong("wrong-type", f"must be an object of at most {self.most} attributes")
        attributes: dict[str, object] = {}
        for name, content in value.items():
            key = str(read(ATTRIBUTE_NAME, name))
            if key in attributes:
                wrong("duplicate-field", "two names of attributes differ in their spelling alone")
            attributes[key] = _within(f"/{escape_pointer(name)}", read, CONTENT, content)
        return attributes

    def schema(self) -> dict[str, object]:
        names = {name: one for name, one in ATTRIBUTE_NAME.schema().items() if name != "type"}
        return {
            "type": "object",
            "additionalProperties": CONTENT.schema(),
            "propertyNames": names,
            "maxProperties": self.most,
        }


@dataclass(frozen=True)
class Items(Kind):
    """What was bought: a list of texts or of flat objects."""

    most: int = 500

    def read(self, value: object, names: ContactNames = no_names) -> list[object]:
        return self._read(value, _as_it_comes)

    def read_kept(self, value: object, names: ContactNames = no_names) -> object:
        return self._read(value, _as_it_is_kept)

    def as_compared(self, value: object) -> object:
        if not isinstance(value, list):
            return value
        return [self._kind(item).as_compared(item) for item in value]

    def _read(self, value: object, read: Read) -> list[object]:
        if not isinstance(value, list) or len(value) > self.most:
            wrong("wrong-type", f"must be a list of at most {self.most} items")
        return [
            _within(f"/{place}", read, self._kind(item), item) for place, item in enumerate(value)
        ]

    @staticmethod
    def _kind(item: object) -> Kind:
        return _ATTRIBUTES if isinstance(item, dict) else _ITEM

    def schema(self) -> dict[str, object]:
        one = {"anyOf": [_ITEM.schema(), _ATTRIBUTES.schema()]}
        return {"type": "array", "items": one, "maxItems": self.most}


_ITEM = Text()
_ATTRIBUTES = Attributes()
