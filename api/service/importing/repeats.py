"""Tables that a mapping writes once and that hold several times, with ``#`` for the number.

Address books have ``E-mail 1 - Value``, ``E-mail 2 - Value`` and so on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_REPEATS = 20
"""How often a table can hold."""

MARK = "#"


def write_repeats_out(document: Mapping[str, object]) -> dict[str, object]:
    """The document with each table of ``column`` and ``event`` as often as its ``repeat`` says.

    Raises:
        Invalid: a ``repeat`` is no number of times.
    """
    written = dict(document)
    columns, events = document.get("column"), document.get("event")
    if isinstance(columns, dict):
        written["column"] = {
            name.replace(MARK, number) if number else name: table
            for name, one in columns.items()
            for number, table in _each(one, f"/column/{name}")
        }
    if isinstance(events, list):
        written["event"] = [
            table for place, one in enumerate(events) for _, table in _each(one, f"/event/{place}")
        ]
    return written


def _each(table: object, pointer: str) -> Iterator[tuple[str, object]]:
    """The number and the table, for each time that it holds; without a number where it is once."""
    if not isinstance(table, dict) or "repeat" not in table:
        yield "", table
        return
    times = table["repeat"]
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_REPEATS:
        detail = f"must be a whole number from 1 to {MOST_REPEATS}"
        raise Invalid.at(f"{pointer}/repeat", "out-of-range", detail)
    rest = {key: value for key, value in table.items() if key != "repeat"}
    for number in range(1, times + 1):
        made = _with_number(rest, str(number))
        if rest.get("part") == MARK:
            made["part"] = number
        yield str(number), made


def _with_number(value: Any, number: str) -> Any:
    """The same with the number in each text."""
    if isinstance(value, str):
        return value.replace(MARK, number)
    if isinstance(value, dict):
        return {key: _with_number(one, number) for key, one in value.items()}
    return [_with_number(one, number) for one in value] if isinstance(value, list) else value
