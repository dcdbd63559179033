"""Bodies that are objects of a few fields: read by our kinds, described by the same declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from domain.errors import FieldError, Invalid
from domain.kinds import escape_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import core_schema


class SentObject(BaseModel):
    """A JSON object that a client sends; each field is an ``Annotated`` type with ``Reads``.

    A required field that is absent is refused as one that is null. ``EXAMPLES`` are shown, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    EXAMPLES: ClassVar[Mapping[str, object]] = {}
    UNKNOWN: ClassVar[str] = "is not known here"
    """How a field is refused that the object does not have."""

    @classmethod
    def read(cls, body: object) -> Self:
        """The object that a body is.

        Raises:
            Invalid: it is none, has other fields, or one that is not what it should be.
        """
        if not isinstance(body, dict):
            raise Invalid.at("", "wrong-type", "must be an object")
        needed = (one.alias or name for name, one in cls.model_fields.items() if one.is_required())
        try:
            return cls.model_validate({**dict.fromkeys(needed), **body})
        except ValidationError as error:
            faults = list(cls._faults(error))
            raise Invalid(sorted(faults, key=lambda one: one.code != "unknown-field")) from None

    @classmethod
    def _faults(cls, error: ValidationError) -> Iterator[FieldError]:
        for one in error.errors(include_url=False):
            pointer = "".join(f"/{escape_pointer(part)}" for part in one["loc"])
            if one["type"] == "extra_forbidden":
                there_are = ", ".join(one.alias or name for name, one in cls.model_fields.items())
                detail = f"{cls.UNKNOWN}; the fields are: {there_are}"
                yield FieldError(f"/{str(one['loc'][0])[:100]}", "unknown-field", detail)
            else:
                yield from (fault.within(pointer) for fault in one["ctx"]["errors"])

    @classmethod
    def schema_of(cls) -> dict[str, Any]:
        """What the object must be, as JSON Schema."""
        return cls.model_json_schema(mode="validation", schema_generator=_Schemas)


class _Schemas(GenerateJsonSchema):
    """JSON Schemas without titles that repeat a field's name, and without defaults of null."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Whether a field gets a title of its own: none does."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        """The schema of a field; what is absent is null, which the field's schema says."""
        return self.generate_inner(schema["schema"])
