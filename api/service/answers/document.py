"""What every answer is made of: frozen models with named types, rendered in one way."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializeAsAny,
    WithJsonSchema,
)

from domain.events import STAGES
from domain.instants import format_instant, parse_instant
from domain.relationship import FLAGS
from domain.standing import STANDINGS

T = TypeVar("T")


class Document(BaseModel):
    """A JSON object that the API answers, or a part of one.

    It is made of its fields, or of a domain object whose attributes have their names:
    ``Signal.model_validate(reading)``, also where the object stands in a field of another document.
    A field that may be absent is declared by ``optional``.
    """

    model_config = ConfigDict(
        frozen=True,
        from_attributes=True,
        serialize_by_alias=True,
        validate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )

    def json_bytes(self) -> bytes:
        """The document as compact JSON in UTF-8, fields in the order of their declaration."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True)

    def plain(self) -> dict[str, Any]:
        """The document as values that JSON and msgpack both have."""
        return self.model_dump(mode="json")


def optional(description: str | None = None) -> Any:
    """The default of a field that is left out where it is None."""
    return Field(default=None, exclude_if=_is_none, description=description)


def _is_none(value: object) -> bool:
    return value is None


UNKNOWN_NAME = ""
"""Stands where a name was asked for and there is none, as after an erasure: null on the wire."""


def _name_or_null(name: str | None) -> str | None:
    return name or None


ShownName = Annotated[str | None, PlainSerializer(_name_or_null, return_type=str | None)]
"""A name that is shown on request: absent where none was asked for."""


def _read_instant(value: object) -> object:
    return parse_instant(value) if isinstance(value, str) else value


Instant = Annotated[
    int,
    BeforeValidator(_read_instant),
    PlainSerializer(format_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""Microseconds of UTC in Python, made of RFC 3339 too; RFC 3339 with ``Z`` on the wire."""

Position = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 0})]
"""A place in the ledger, from 1; 0 is before the first event."""

Stage = Annotated[str, WithJsonSchema({"type": "string", "enum": list(STAGES)})]
"""What somebody is to the business."""

Flags = Annotated[
    tuple[str, ...],
    WithJsonSchema({"type": "array", "items": {"type": "string", "enum": list(FLAGS)}}),
]
"""What stands beside a stage, in alphabetical order."""

StandingName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(STANDINGS)})]
"""What somebody is to the business as a referral partner."""


class KnownAt(Document):
    """A place in the ledger, and when it was recorded; nothing was recorded at position 0."""

    position: Position
    recorded_at: Instant | None


class ContactQuestion(Document):
    """What an answer about one contact repeats of its question."""

    contact_id: UUID
    as_of: Instant
    as_known_at: KnownAt

    @staticmethod
    def bytes_of(contact_id: UUID, as_of: int, position: int, recorded_at: int) -> bytes:
        """What ``json_bytes`` makes of it, after the first event of a ledger, in a third of its
        90,000 instructions. A test compares the two.
        """
        return (
            f'{{"contact_id":"{contact_id}","as_of":"{format_instant(as_of)}",'
            f'"as_known_at":{{"position":{position},'
            f'"recorded_at":"{format_instant(recorded_at)}"}}}}'
        ).encode()


class Page(Document, Generic[T]):
    """A part of a list; ``next_cursor`` leads to the next part, null ends the list."""

    items: tuple[SerializeAsAny[T], ...]
    next_cursor: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """The name of the schema of such a page."""
        return f"PageOf{params[0].__name__}"


SCHEMA_NAMED = "x-schema-named"
"""Stands in a schema for a reference to a component that is made elsewhere."""


def schema_named(name: str) -> WithJsonSchema:
    """The schema of a field that stands among the document's components, made elsewhere."""
    # Not a reference: pydantic looks each up among the schemas that it has made itself.
    return WithJsonSchema({SCHEMA_NAMED: name})
