"""Whether the currencies and time zones that a mapping itself names exist.

What stands in a mapping, or is said to it with its settings, is in every row. So it is refused
once, before a row is read, by the same rule by which events refuse it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from api.service.importing.values import ChoiceOf, Constant, TextOf
from domain.errors import FieldError, Invalid
from domain.kinds import Currency, Region, TimeZone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from api.service.importing.moments import MomentOf
    from api.service.importing.named_columns import NamedColumn
    from api.service.importing.values import Value
    from domain.events import Event
    from domain.kinds import Kind

    EventAt = tuple[str, type[Event], Mapping[str, Value]]
    """What a mapping says of an event, with its place in the mapping."""

    MomentAt = tuple[str, MomentOf]

_LISTED = (Currency, TimeZone, Region)
"""The kinds whose values are a list of somebody else's."""


def refuse_unknown_names(
    events: Iterable[EventAt],
    moments: Iterable[MomentAt],
    columns: Sequence[NamedColumn],
    said: Collection[str] = (),
) -> None:
    """Refuse a currency or a time zone that there is not.

    ``columns`` are the mapping's own. ``said`` are the names of the settings that were said to it:
    errors point at these, and else at a place in the mapping.

    Raises:
        Invalid: naming each.
    """
    listed = [
        (f"{pointer}/{field.name}", field.kind, data[field.name])
        for pointer, event, data in events
        for field in event.FIELDS
        if isinstance(field.kind, _LISTED) and field.name in data
    ]
    zones = [(f"{pointer}/time_zone", TimeZone(), moment.time_zone) for pointer, moment in moments]
    errors: dict[str, FieldError] = {}
    for pointer, kind, value in (*zones, *listed):
        for at, name in _own_names(pointer, value, columns, said):
            error = _error_of(kind, at, name)
            if error is not None:
                errors.setdefault(at, error)
    if errors:
        raise Invalid(errors.values())


def _error_of(kind: Kind, at: str, name: object) -> FieldError | None:
    try:
        kind.read(name)
    except Invalid as error:
        (one,) = error.errors
        return FieldError(at, one.code, f"{name!r}: {one.detail}")
    return None


def _own_names(
    pointer: str, value: Value, columns: Sequence[NamedColumn], said: Collection[str]
) -> Iterator[tuple[str, object]]:
    """The names that a value has without a file, and where each stands."""
    if isinstance(value, Constant):
        yield pointer, value.value
    elif isinstance(value, ChoiceOf):
        yield from ((f"{pointer}/words/{word}", name) for word, name in value.words.items())
    elif isinstance(value, TextOf) and not value.columns():
        yield pointer, value.template.fill({})
    elif isinstance(value, TextOf) and len(value.template.parts) == 1:
        (column,) = value.columns()
        texts = _texts_without_a_file(columns)
        if texts[column]:
            origin = _origin(columns, texts, column)
            yield f"/{origin}" if origin in said else f"/column/{origin}/default", texts[column]


def _texts_without_a_file(columns: Sequence[NamedColumn]) -> dict[str, str]:
    """What the mapping's own columns have where those of the file are empty."""
    texts: dict[str, str] = defaultdict(str)
    for column in columns:
        texts[column.name] = column.reader(())(texts)
    return texts


def _origin(columns: Sequence[NamedColumn], texts: Mapping[str, str], name: str) -> str:
    """The column from which a column has its text."""
    column = next(one for one in columns if one.name == name)
    read = (*(column.text.columns() if column.text else ()), *column.fallbacks)
    source = next((one for one in read if texts[one]), None)
    return name if source is None else _origin(columns, texts, source)
