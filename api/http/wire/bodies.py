"""Bodies that ask for long work: their fields read as the parameters of a query are."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from api.http.wire.parameters import read_knowledge
from api.service.questions import Knowledge
from domain.errors import FieldError, Invalid
from domain.kinds import Choice, Whole, wrong
from domain.presets import PRESETS, read_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from domain.policy import Policy

T = TypeVar("T")


def read_object(body: object, known: Sequence[str]) -> Mapping[str, object]:
    """The body, an object with no other fields than these.

    Raises:
        Invalid: it is none, or has others.
    """
    if not isinstance(body, dict):
        raise Invalid.at("", "wrong-type", "must be an object")
    if unknown := [name for name in body if name not in known]:
        raise Invalid(
            FieldError(f"/{name[:100]}", "unknown-field", "is not known here") for name in unknown
        )
    return body


def optional(body: Mapping[str, object], name: str, read: Callable[[object], T]) -> T | None:
    """The field of that name, None where it is absent or null.

    Raises:
        Invalid: it is not what it should be.
    """
    value = body.get(name)
    if value is None:
        return None
    try:
        return read(value)
    except Invalid as error:
        raise error.within(f"/{name}") from None


def read_known_at(value: object) -> Knowledge:
    """A position, or an instant; a position may stand in digits, as in a query."""
    if isinstance(value, str):
        return read_knowledge(value)
    if isinstance(value, bool) or not isinstance(value, int):
        wrong("wrong-type", "must be an instant or a position")
    return Knowledge(position=Whole().read(value))


def read_proposed(body: Mapping[str, object]) -> Policy:
    """The policy of a body that has either a ``preset`` or a ``policy``.

    Raises:
        Invalid: it has neither or both, or what it has is none.
    """
    preset, document = body.get("preset"), body.get("policy")
    if (preset is None) == (document is None):
        raise Invalid.at("", "missing", "must have either preset or policy")
    if preset is not None:
        try:
            return PRESETS[Choice(tuple(PRESETS)).read(preset)]
        except Invalid as error:
            raise error.within("/preset") from None
    try:
        return read_policy(document)
    except Invalid as error:
        raise error.within("/policy") from None
