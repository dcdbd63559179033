"""What a client sends of long work: up to when, as known when, and under which policy."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from api.http.wire.query import Reads, parse_moment_or_date, read_knowledge_or_date
from api.http.wire.sent import SentObject
from api.service.questions import Knowledge
from domain.kinds import MAX_WHOLE, Whole, wrong

_MOMENTS = ({"type": "string", "format": "date-time"}, {"type": "string", "format": "date"})
MOMENT = {"anyOf": list(_MOMENTS)}
KNOWN_AT = {"anyOf": [*_MOMENTS, {"type": "integer", "minimum": 0}]}


def read_sent_moment(value: object) -> int | date:
    """An instant, or a date: the start of that day where the ledger is."""
    if not isinstance(value, str):
        wrong("invalid-time", "must be a string with an instant or a date")
    return parse_moment_or_date(value)


def read_known_at(value: object) -> Knowledge | date:
    """A position, an instant or a date. A position may be a text of digits, as in a query."""
    if isinstance(value, str):
        return read_knowledge_or_date(value)
    if isinstance(value, bool) or not isinstance(value, int):
        wrong("wrong-type", "must be an instant, a date or a position")
    return Knowledge(position=Whole().read(value))


Moment = int | date | None
"""An instant in microseconds of UTC, or a date, of which only a ledger tells when it begins."""


class SentCoordinates(SentObject):
    """What long work is about: up to when, as known when, and under which policy."""

    as_of: Annotated[Moment, Reads(read_sent_moment, MOMENT, nullable=True)] = None
    as_known_at: Annotated[
        Knowledge | date | None, Reads(read_known_at, KNOWN_AT, nullable=True)
    ] = None
    policy_version: Annotated[
        int | None,
        Reads(
            Whole(1).read, {"type": "integer", "minimum": 1, "maximum": MAX_WHOLE}, nullable=True
        ),
    ] = None
