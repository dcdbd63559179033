"""Putting things of the agenda off, and taking back what was recorded."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from api.console.appending import record
from api.console.done_already import item_of, lock_of, who_put_off
from api.console.outcomes import confirmation, done_already, is_for_item
from api.console.visit import Page
from domain.errors import Invalid
from domain.instants import format_instant
from ledger.access.scopes import APPEND

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit

DAYS = frozenset({"1", "7", "30", "90"})
"""For how many days an item can be put off by a button."""


def defer(visit: Visit) -> Response:
    """Put an item of the agenda off, unless somebody did so since the page was made.

    Raises:
        LedgerError: it was not recorded, and why.
    """
    days, stream = visit.field("days"), visit.field("contact")
    if days not in DAYS:
        raise Invalid.at("/days", "not-a-choice", "must be one of the proposed ones")
    until = format_instant(visit.words.day_ahead(int(days)))
    key = visit.field("item")
    data = {"item": key, "until": until}
    event: dict[str, object] = {"contact": stream, "type": "action-deferred", "data": data}
    contact = visit.contact_named(stream)
    with lock_of(contact):  # of two who send it at once, the second sees what the first did
        if is_for_item(visit, [stream], key):
            item = item_of(visit, contact, key)
            if item is None:
                return done_already(visit, contact, key, 409)
            if item.state == "deferred" and (
                done := who_put_off(visit, contact, key, _page_position(visit))
            ):
                return done_already(visit, contact, key, 409, done)
        result = record(visit, [event])
    return confirmation(visit, "put off", [stream], result)


def _page_position(visit: Visit) -> int:
    """As of which position the page was made that the form is from; 0 where it does not say."""
    with suppress(ValueError):
        return int(visit.field("seen"))
    return 0


def undo(visit: Visit) -> Response:
    """Retract events that were recorded just now, or any time before.

    Raises:
        LedgerError: it was not recorded, and why.
    """
    reason = visit.field("reason") or "undone"
    pairs = zip(visit.fields("stream"), visit.fields("event"), strict=False)
    events: list[dict[str, object]] = [
        {
            "contact": stream,
            "type": "event-retracted",
            "data": {"target": event, "reason": reason},
        }
        for stream, event in pairs
    ]
    if not events:
        raise Invalid.at("/event", "missing", "is required")
    record(visit, events)
    if visit.is_fragment:
        return visit.page("undone.html")
    visit.session.announce("Taken back: a retraction is recorded. The entry stays, crossed out.")
    if visit.field("from") == "person":
        contact = visit.contact_named(visit.fields("stream")[0])
        return visit.lead_to(f"{visit.ledger_path}/people/{contact}")
    return visit.lead_to(visit.ledger_path)


PAGES = (
    Page("/ledgers/{ledger}/defer", defer, (APPEND,), method="POST"),
    Page("/ledgers/{ledger}/undo", undo, (APPEND,), method="POST"),
)
