"""Random logs in which much is taken back: corrections of corrections, merges and their undoing.

Events arrive in any order, and what amends an event comes right after it, much later, or after the
contact was merged: the fold is total, so decisions are not asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from domain.events.governance import EventCorrected, EventRetracted
from domain.instants import HOUR
from tests.domain.history_oracle import survivor_of
from tests.domain.random_histories import events, types_of_some_themes
from tests.domain.scenario import ANN, BEN, CAT, Scenario, fact, on_day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent

CONTACTS = (ANN, BEN, CAT)
ACTS = (
    *["news"] * 8,
    *["correction"] * 4,
    *["retraction"] * 3,
    *["merge"] * 2,
    *["un-merge"] * 2,
    *["referral"] * 3,
)
_FIXED = ("contact-registered", "contact-merged", "merge-reversed", "event-retracted")
"""What can be neither retracted nor corrected."""


@st.composite
def amended_logs(draw: st.DrawFn) -> list[RecordedEvent]:
    """Some dozens of events of three contacts, a client among them more often than not."""
    scenario = Scenario()
    for contact in CONTACTS:
        scenario.record(fact("contact-registered", time_zone="UTC"), on_day(0), contact)
        if draw(st.booleans()):
            opened = fact("engagement-opened", engagement_id=f"first of {contact.int}")
            scenario.record(opened, on_day(0), contact)
    types = draw(types_of_some_themes())
    for act in draw(st.lists(st.sampled_from(ACTS), min_size=25, max_size=60)):
        if act == "news":
            _news(draw, scenario, types)
        else:
            _AMENDING[act](draw, scenario)
    return scenario.events


def _instant(draw: st.DrawFn) -> int:
    return on_day(0) + draw(st.integers(0, 400)) * 12 * HOUR


def _news(draw: st.DrawFn, scenario: Scenario, types: Sequence[str]) -> None:
    event, contact = draw(events(types)), draw(st.sampled_from(CONTACTS))
    if not _is_used(scenario, contact, event):
        scenario.record(event, _instant(draw), contact)


def _is_used(scenario: Scenario, contact: UUID, event: Any) -> bool:
    """Whether something of the stream was opened under this id, as decisions see to it."""
    names = [field.name for field in event.FIELDS if field.opens]
    return any(
        one.contact_id == contact
        and one.type == event.TYPE
        and any(getattr(one.event, name) == getattr(event, name) for name in names)
        for one in scenario.events
    )


def _target(draw: st.DrawFn, scenario: Scenario, *, corrections: bool) -> RecordedEvent | None:
    """Some event to take back, the newest few more often than their share."""
    found = [
        one
        for one in scenario.events
        if one.type not in _FIXED
        and one.type != "referral-received"
        and (corrections or one.type != "event-corrected")
    ]
    if not found:
        return None
    return draw(st.sampled_from(found[-4:] if draw(st.booleans()) else found))


def _correction(draw: st.DrawFn, scenario: Scenario) -> None:
    target = _target(draw, scenario, corrections=False)
    if target is None:
        return
    event: Any = target.event
    data = None
    if hasattr(event, "amount_minor") and draw(st.booleans()):
        data = replace(event, amount_minor=draw(st.sampled_from([0, 50, 100])))
    elif hasattr(event, "level") and draw(st.booleans()):
        data = replace(event, level=draw(st.integers(0, 5)))
    elif event.TYPE == "stage-overridden" and draw(st.booleans()):
        data = replace(event, expires_at=_instant(draw))
    occurred_at = _instant(draw) if data is None or draw(st.booleans()) else None
    correction = EventCorrected(target=target.id, occurred_at=occurred_at, data=data)
    scenario.record(correction, _instant(draw), target.contact_id)


def _retraction(draw: st.DrawFn, scenario: Scenario) -> None:
    target = _target(draw, scenario, corrections=True)
    if target is not None:
        retraction = EventRetracted(target=target.id, reason="never happened")
        scenario.record(retraction, _instant(draw), target.contact_id)


def _merge(draw: st.DrawFn, scenario: Scenario) -> None:
    contact, into = draw(st.permutations(CONTACTS))[:2]
    if survivor_of(scenario.events, contact) == contact != survivor_of(scenario.events, into):
        scenario.record(fact("contact-merged", into=str(into)), _instant(draw), contact)


def _un_merge(draw: st.DrawFn, scenario: Scenario) -> None:
    merged = [one for one in CONTACTS if survivor_of(scenario.events, one) != one]
    if merged:
        contact = draw(st.sampled_from(merged))
        into = next(o for o in CONTACTS if o != contact)
        scenario.record(fact("merge-reversed", into=str(into)), _instant(draw), contact)


def _referral(draw: st.DrawFn, scenario: Scenario) -> None:
    referrer, other = draw(st.permutations(CONTACTS))[:2]
    at, level = _instant(draw), draw(st.integers(0, 5))
    referral_id = f"referral {len(scenario.events)}"
    data: dict[str, Any] = {"referral_id": referral_id, "level": level}
    made = scenario.record(
        fact("referral-made", direction="inbound", other=str(other), **data), at, referrer
    )
    received = fact("referral-received", by=str(referrer), **data)
    scenario.record(received, at, other, causation_id=made.id)


_AMENDING = {
    "correction": _correction,
    "retraction": _retraction,
    "merge": _merge,
    "un-merge": _un_merge,
    "referral": _referral,
}
