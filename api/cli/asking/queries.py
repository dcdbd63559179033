"""The point in both times, as it stands in a question to a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instants import format_instant

if TYPE_CHECKING:
    from api.service.questions import At, Knowledge


def body_of(asked: At) -> dict[str, Any]:
    """The fields of a document that asks; those that were not chosen are left out."""
    return without_none(
        {
            "as_of": text_of(asked.as_of),
            "as_known_at": _position_or_instant(asked.as_known_at),
            "policy_version": asked.policy_version,
        }
    )


def query_of(asked: At) -> dict[str, str]:
    """The parameters of a query that asks."""
    return {name: str(value) for name, value in body_of(asked).items()}


def text_of(at: int | None) -> str | None:
    """An instant as it is sent."""
    return None if at is None else format_instant(at)


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    """The values that were chosen."""
    return {name: value for name, value in values.items() if value is not None}


def _position_or_instant(known: Knowledge | None) -> int | str | None:
    if known is None:
        return None
    return text_of(known.at) if known.position is None else known.position
