"""Dates in questions: a date is the first instant of that day in the ledger's time zone."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from api.service.questions import At, Knowledge
from domain.instants import start_of_day

if TYPE_CHECKING:
    from api.cli.asking.answers import TimeZoned

When = int | date | None
"""A given time: an instant in microseconds of UTC, a date, or nothing."""


def instant_in(ledger: TimeZoned, given: When) -> int | None:
    """The instant that was given."""
    if isinstance(given, date):
        return start_of_day(given, ledger.time_zone() or "UTC")
    return given


def asked_in(
    ledger: TimeZoned,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
) -> At:
    """The point in both times that was given."""
    if isinstance(as_known_at, date):
        as_known_at = Knowledge(at=instant_in(ledger, as_known_at))
    return At(instant_in(ledger, as_of), as_known_at, policy_version)
