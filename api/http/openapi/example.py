"""Examples of answers: instances of their models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, get_args

from api.service.answers.document import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

D = TypeVar("D", bound=Document)


def example(model: type[D], values: Mapping[str, Any]) -> D:
    """The document with these values, by the names that fields have on the wire.

    A field that they lack shows the first of its own ``examples``, also in parts of the document:
    so a new field of an answer is shown by the line that declares it.

    Raises:
        ValidationError: a value is wrong, or a field lacks both a value and an example.
    """
    return model.model_validate(_with_examples(model, values))


def _with_examples(model: type[Document], values: Mapping[str, Any]) -> dict[str, Any]:
    filled = dict(values)
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key in values:
            filled[key] = _part(field.annotation, values[key])
        elif field.examples:
            filled[key] = field.examples[0]
    return filled


def _part(annotation: Any, value: Any) -> Any:
    """The value of a field, or of an item in it, where documents in it are filled too."""
    if isinstance(value, list | tuple):
        return [_part(annotation, one) for one in value]
    model = _document_in(annotation) if isinstance(value, dict) else None
    return value if model is None else _with_examples(model, value)


def _document_in(annotation: Any) -> type[Document] | None:
    """The model in the type of a field, such as that in ``tuple[Signal, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, Document):
        return annotation
    found = (_document_in(one) for one in get_args(annotation))
    return next((one for one in found if one is not None), None)
