"""Random events of every type, with few enough ids that they get in each other's way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hypothesis import strategies as st

from domain.events import CATALOGUE, EncryptedValue, Event
from domain.events.governance import CorrectedData, EventCorrected, EventRetracted
from domain.kinds import (
    AgendaKey,
    CalendarDate,
    Choice,
    ContactId,
    Currency,
    Document,
    EventId,
    Flag,
    Instant,
    Kind,
    Text,
    TimeZone,
    Whole,
)
from domain.nested_kinds import Attributes, Items, References
from tests.domain.scenario import ANN, BEN, CAT, DAN, on_day

if TYPE_CHECKING:
    from domain.events import Field

TARGETS = [UUID(int=1001 + place) for place in range(30)]
"""The ids that a scenario gives to its first events."""

instants = st.integers(-8, 8).map(on_day)


def _values(kind: Kind) -> st.SearchStrategy[Any]:
    match kind:
        case CorrectedData():
            return st.deferred(lambda: plain_events)
        case Whole():
            return st.integers(kind.least, min(kind.most, kind.least + 6))
        case Choice():
            return st.sampled_from(kind.words)
        case ContactId():
            return st.sampled_from([ANN, BEN, CAT, DAN])
        case EventId():
            return st.sampled_from(TARGETS)
        case Instant():
            return instants
    simple: dict[type[Kind], list[object]] = {
        AgendaKey: ["touch", f"thanks:{TARGETS[0]}"],
        Attributes: [{}, {"wines": 5}],
        CalendarDate: ["2026-01-05"],
        Currency: ["EUR", "EUR", "EUR", "USD"],
        Document: [{}],
        Flag: [False, True],
        Items: [["rye"]],
        References: [(("pos", "17"),)],
        Text: ["1", "2"],
        TimeZone: ["UTC", "Pacific/Auckland"],
    }
    return st.sampled_from(simple[type(kind)])


def _field(declared: Field) -> st.SearchStrategy[Any]:
    values = _values(declared.kind)
    if declared.personal:
        values = st.one_of(values, st.just(EncryptedValue(b"")))
    return values if declared.required else st.one_of(st.none(), values)


def of_type(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of that type whose fields fit together."""
    return st.builds(kind, **{field.name: _field(field) for field in kind.FIELDS}).filter(
        lambda event: not tuple(event.check())
    )


plain_events: st.SearchStrategy[Event] = st.one_of(
    [of_type(kind) for kind in CATALOGUE.values() if kind is not EventCorrected]
)
any_events: st.SearchStrategy[Event] = st.one_of(plain_events, of_type(EventCorrected))


SENT = [
    *(name for name, kind in CATALOGUE.items() if kind.FROM_PRODUCERS),
    # What changes what other events mean comes up more often than its share of the catalogue.
    *["event-corrected"] * 8,
    *["event-retracted"] * 8,
    *["purchase-made"] * 3,
    *["purchase-reversed"] * 3,
    *["complaint-resolved"] * 3,
    *["referral-made"] * 3,
]


def aimed(event: Event, target: UUID, data: Event | None) -> Event:
    """A correction or a retraction of that event; any other event as it is."""
    if isinstance(event, EventCorrected):
        return replace(event, target=target, data=data)
    return replace(event, target=target) if isinstance(event, EventRetracted) else event
