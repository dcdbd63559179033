"""The fold of one stream: total, copied without ties, and derived again where events change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contact import ContactState
from domain.dealings import keys_of
from domain.events import Event
from domain.events.contacts import ConsentChanged
from domain.events.governance import EventCorrected, EventRetracted
from tests.domain.any_events import any_events, instants
from tests.domain.scenario import ANN, BEN, CAT, Scenario, fact, registered

if TYPE_CHECKING:
    from domain.recorded import RecordedEvent

histories = st.lists(st.tuples(any_events, instants), max_size=30)


def stream_of(history: list[tuple[Event, int]]) -> list[RecordedEvent]:
    """The events on one stream, recorded without asking whether they make sense."""
    scenario = Scenario()
    for event, at in history:
        scenario.record(event, at)
    return scenario.events


def folded(stream: list[RecordedEvent]) -> ContactState:
    state = ContactState.initial(ANN)
    for recorded in stream:
        state.evolve(recorded)
    return state


def effective(stream: list[RecordedEvent]) -> list[RecordedEvent]:
    """The stream as it should have been recorded: a second, slower reading of section 2."""
    retracted = {one.event.target for one in stream if isinstance(one.event, EventRetracted)}
    kept = []
    for one in stream:
        if one.id in retracted or isinstance(one.event, EventRetracted | EventCorrected):
            continue
        event, at = one.event, one.occurred_at
        for other in reversed(stream):
            correction = other.event
            if (
                isinstance(correction, EventCorrected)
                and correction.target == one.id
                and other.id not in retracted
            ):
                if isinstance(correction.data, Event) and correction.data.TYPE == event.TYPE:
                    event = correction.data
                at = at if correction.occurred_at is None else correction.occurred_at
                break
        kept.append(replace(one, event=event, occurred_at=at))
    return kept


@settings(max_examples=200)
@given(histories)
def test_the_fold_takes_any_events_in_any_order(history: list[tuple[Event, int]]) -> None:
    stream = stream_of(history)
    assert folded(stream).version == len(stream)


@settings(max_examples=300)
@given(histories)
def test_corrections_and_retractions_leave_the_dealings_in_effect(
    history: list[tuple[Event, int]],
) -> None:
    stream = stream_of(history)
    assert folded(stream).dealings == folded(effective(stream)).dealings


@settings(max_examples=100)
@given(histories, histories)
def test_a_copy_goes_on_by_itself(
    before: list[tuple[Event, int]], after: list[tuple[Event, int]]
) -> None:
    stream = stream_of(before + after)
    original = folded(stream[: len(before)])
    untouched = folded(stream[: len(before)])
    copy = original.copy()
    for recorded in stream[len(before) :]:
        copy.evolve(recorded)
    assert original == untouched
    assert copy == folded(stream)


@settings(max_examples=300)
@given(histories, st.data())
def test_the_state_about_an_event_is_the_whole_one_under_what_it_speaks_of(
    history: list[tuple[Event, int]], data: st.DataObject
) -> None:
    """Also without an event, and where it goes on after it was asked once."""
    stream = stream_of(history)
    state = ContactState.initial(ANN)
    for count, recorded in enumerate(stream, start=1):
        state.evolve(recorded)
        if data.draw(st.booleans()):
            asked = data.draw(st.sampled_from(stream)).event
            assert_same_about(asked, state.about(asked), folded(stream[:count]))
            dropped = data.draw(st.sampled_from(stream[:count]))
            if isinstance(dropped.event, EventRetracted | EventCorrected):
                continue
            rest = folded([one for one in stream[:count] if one is not dropped])
            assert_same_about(asked, state.about(asked, without=dropped.id), rest)


def assert_same_about(event: Event, some: ContactState, whole: ContactState) -> None:
    """Under all that the event speaks of, both have the same dealings."""
    keys = set(keys_of(event))
    mine, theirs = some.dealings, whole.dealings
    for key in keys:
        assert mine.opened.get(key) == theirs.opened.get(key)
        assert mine.settled.get(key) == theirs.settled.get(key)
    values = dict(keys)
    for name, table in BY_ID.items():
        value = values.get(name)
        assert getattr(mine, table).get(value) == getattr(theirs, table).get(value)
    if isinstance(event, ConsentChanged):
        about = (event.purpose, event.channel)
        assert mine.consents.get(about) == theirs.consents.get(about)


BY_ID = {"purchase_id": "reversed", "referral_id": "levels", "complaint_id": "marks"}
"""The tables by the name of the id that they are kept by."""


def test_a_new_contact_is_unregistered_at_version_0() -> None:
    state = ContactState.initial(ANN)
    assert (state.version, state.is_registered, state.merged_into, state.erased) == (
        0,
        False,
        None,
        False,
    )


def test_a_merge_and_its_reversal_are_remembered() -> None:
    scenario = registered(ANN, BEN, CAT).given("contact-merged")
    state = scenario.contact(ANN)
    assert (state.merged_into, state.separated_from) == (BEN, None)
    scenario.given("merge-reversed")
    assert (state.merged_into, state.separated_from) == (None, BEN)
    scenario.record(fact("contact-merged", into=str(CAT)))
    assert (state.merged_into, state.separated_from) == (CAT, None)


def test_an_erased_contact_stays_registered() -> None:
    state = registered().given("personal-data-erased").contact(ANN)
    assert (state.is_registered, state.erased) == (True, True)
