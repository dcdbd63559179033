"""What was typed into the form of an event, and what is wrong with it, at its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import FormData

from api.console.errors import sentence_of
from domain.errors import Invalid

if TYPE_CHECKING:
    from api.console.visit import Visit
    from domain.errors import LedgerError
    from domain.events import Event

STALE = "Nothing was recorded: the session is a new one. Look it over, and record it once more."
"""What stands above a form that was made before the server or the session began."""


def field_values(visit: Visit) -> dict[str, str]:
    """What was typed into the fields of the event, by the names of the fields."""
    return {
        name.removeprefix("data."): value
        for name, value in (visit.form or FormData()).items()
        if name.startswith("data.") and isinstance(value, str)
    }


def errors_at_fields(error: LedgerError) -> dict[str, str]:
    """What is wrong with single fields, by their names."""
    if not isinstance(error, Invalid):
        return {}
    found: dict[str, str] = {}
    for one in error.errors:
        parts = one.pointer.strip("/").split("/")
        if parts and parts[0].isdigit():
            parts = parts[1:]
        name = parts[1] if len(parts) > 1 and parts[0] == "data" else parts[0]
        is_no_amount = name.endswith("_minor") and one.code == "wrong-type"
        found.setdefault(name, "must be an amount such as 12.50" if is_no_amount else one.detail)
    return found


def told_at_fields(error: LedgerError, cls: type[Event]) -> tuple[dict[str, str], str]:
    """What is wrong with the fields of a form by their names, and what is wrong besides."""
    shown = {"occurred_at", *(field.name for field in cls.FIELDS)}
    found = errors_at_fields(error)
    at_fields = {name: detail for name, detail in found.items() if name in shown}
    return at_fields, "" if found and found.keys() <= shown else sentence_of(error)
