"""Makes answers from the JSON documents that the server sends."""

from __future__ import annotations

import types
from base64 import b64decode
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


@dataclass(frozen=True)
class _Field:
    """One field of an answer: its name, its key in documents, and how its value is read."""

    name: str
    key: str
    read: Callable[[Any], Any]
    is_optional: bool


def read(cls: type[T], document: Mapping[str, Any]) -> T:
    """The answer of that class in a document.

    Raises:
        KeyError: a field is missing that has no default.
    """
    return cls(
        **{
            field.name: field.read(document[field.key])
            for field in _fields(cls)  # type: ignore[arg-type]  # a class is hashable
            if field.key in document or not field.is_optional
        }
    )


@cache
def _fields(cls: type) -> tuple[_Field, ...]:
    hints = get_type_hints(cls)
    return tuple(
        _Field(one.name, one.name.rstrip("_"), _reader(hints[one.name]), one.default is not MISSING)
        for one in fields(cls)
    )


def _reader(hint: Any) -> Callable[[Any], Any]:
    if hint is UUID:
        return UUID
    if hint is datetime:
        return datetime.fromisoformat
    if hint is bytes:
        return b64decode
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: read(hint, value)
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda values: tuple(item(value) for value in values)
    if get_origin(hint) is types.UnionType:
        present = _reader(get_args(hint)[0])
        return lambda value: None if value is None else present(value)
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
