"""How engagements, promises and complaints end, and what is set or put off by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.reasons import refusal
from domain.decisions.request import ALREADY_SO
from domain.instants import DAY

if TYPE_CHECKING:
    from domain.contact import ContactState
    from domain.decisions.request import Command, DecidedEvent
    from domain.events.care import ActionDeferred
    from domain.events.governance import StageOverridden
    from domain.events.service import (
        ComplaintResolved,
        EngagementClosed,
        PromiseBroken,
        PromiseKept,
    )

MOST_DEFERRED_DAYS = 366
"""How long an item of the agenda can be put off at once, in days of 24 hours."""


def close_engagement(
    state: ContactState, command: Command[EngagementClosed]
) -> tuple[DecidedEvent, ...]:
    """Close an engagement once."""
    key = ("engagement_id", command.event.engagement_id)
    return ALREADY_SO if key in state.dealings.settled else command.acceptance


def settle_promise(
    state: ContactState, command: Command[PromiseKept | PromiseBroken]
) -> tuple[DecidedEvent, ...]:
    """Keep or break a promise once; it cannot be both."""
    settled = state.dealings.settled.get(("promise_id", command.event.promise_id))
    if settled is None:
        return command.acceptance
    if settled.event == command.event:
        return ALREADY_SO
    raise refusal("promise-settled", f"the promise was settled before: {settled.event.TYPE}")


def resolve_complaint(
    state: ContactState, command: Command[ComplaintResolved]
) -> tuple[DecidedEvent, ...]:
    """Resolve a complaint once for its raising and once for every reopening.

    ``occurred_at`` decides which of them, so that resolutions and reopenings may arrive in any
    order: between two neighbouring reopenings there is one resolution.
    """
    earlier = state.dealings.resolution_around(command.event.complaint_id, command.at)
    if earlier is None:
        return command.acceptance
    if earlier == command.event:
        return ALREADY_SO
    raise refusal("complaint-already-resolved")


def override_stage(_: ContactState, command: Command[StageOverridden]) -> tuple[DecidedEvent, ...]:
    """Set the stage by hand, for a time that is not over before it begins."""
    if command.event.expires_at <= command.at:
        raise refusal("override-already-over")
    return command.acceptance


def defer_action(_: ContactState, command: Command[ActionDeferred]) -> tuple[DecidedEvent, ...]:
    """Put an item of the agenda off, for a year and a day at most.

    Until an instant that has passed it is not put off any longer: so a deferral is taken back
    without saying that it never was.
    """
    if command.event.until > command.at + MOST_DEFERRED_DAYS * DAY:
        raise refusal("deferral-too-long")
    return command.acceptance
