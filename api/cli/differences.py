"""The differences of a rebuilt projection from the live one, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def difference_told(difference: Mapping[str, object]) -> str:
    """One difference, as a rebuild reports it: whose field it is, and both values.

    >>> difference_told(
    ...     {"table": "status", "contact": "ann", "field": "score", "live": 35, "rebuilt": None}
    ... )
    'status of contact ann: score is 35, rebuilt none'
    """
    return (
        f"{difference['table']} of contact {difference['contact']}: {difference['field']}"
        f" is {value_told(difference['live'])}, rebuilt {value_told(difference['rebuilt'])}"
    )


def value_told(value: object) -> str:
    """A value of an answer as a person reads it: no word of Python's."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(value_told, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {value_told(one)}" for name, one in value.items()) or "none"
    return str(value)


def ended_told(state: str, problem: str | None) -> str:
    """The end of an operation without a result, with the reason if it is known."""
    return state if problem is None else f"{state}: {problem}"
