"""The clock is put back and goes on: instants of recording never decrease, "now" is the clock's."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import EventIdReused, Invalid
from domain.events.governance import PersonalDataErased
from domain.instants import DAY, HOUR, SECOND
from domain.presets import PRESETS
from ledger.erasure import Erasure
from tests.ledger.given import ANN, NOON, SALE, HandClock, append, draft, open_ledger, registered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.ledger import Ledger

DAYS = 24 * 3600


def put_back(ledger: Ledger, clock: HandClock) -> int:
    """Record something two days ahead, and set the clock right; when that was recorded."""
    clock.move(2 * DAYS)
    registered(ledger)
    ahead = clock()
    clock.move(-2 * DAYS)
    return ahead


@settings(max_examples=30, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(-3 * DAYS, 3 * DAYS), st.sampled_from(("append", "open", "policy"))),
        min_size=1,
        max_size=12,
    )
)
def test_instants_of_recording_never_decrease_and_defaults_are_the_clock_s(
    steps: Sequence[tuple[int, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = HandClock()
        ledger = open_ledger(Path(folder), clock)
        try:
            for seconds, act in steps:
                clock.move(seconds)
                before = ledger.recorded_at(ledger.head())
                behind_seconds = ledger.recording.clock_behind_seconds()
                assert behind_seconds == max(before - clock(), 0) // SECOND
                if act == "open":
                    ledger.close()
                    ledger = open_ledger(Path(folder), clock)
                    continue
                if act == "policy":
                    published = ledger.publish_policy(PRESETS["cafe"], None).result(30)
                    assert published.effective_from == clock()
                else:
                    append(ledger, draft(uuid4(), "contact-registered", ANN))
                made = ledger.event(ledger.head())
                assert made.occurred_at == clock()
                assert made.recorded_at == max(clock(), before)
            recorded = [one.recorded_at for one in ledger.log(limit=100)]
            assert recorded == sorted(recorded)
        finally:
            ledger.close()


def test_a_default_is_the_clock_where_it_was_put_back(ledger: Ledger, clock: HandClock) -> None:
    ahead = put_back(ledger, clock)
    made = append(ledger, draft(uuid4(), "contact-registered", ANN)).events[0].recorded
    assert (made.occurred_at, made.recorded_at) == (NOON, ahead)
    stored = ledger.event(made.position)
    assert (stored.occurred_at, stored.recorded_at) == (NOON, ahead)


@pytest.mark.parametrize("seconds", [1, DAYS])
def test_at_most_24_hours_ahead_is_counted_from_the_clock(
    ledger: Ledger, clock: HandClock, seconds: int
) -> None:
    put_back(ledger, clock)
    contact = registered(ledger)
    limit = clock() + DAY
    append(ledger, draft(contact, "visit-made", {"guests": 0}, occurred_at=limit))
    late = draft(contact, "visit-made", {"guests": 0}, occurred_at=limit + seconds * SECOND)
    with pytest.raises(Invalid) as raised:
        append(ledger, late)
    assert raised.value.errors[0].code == "invalid-time"


def test_an_erasure_occurs_at_the_clock(ledger: Ledger, clock: HandClock) -> None:
    contact = registered(ledger)
    put_back(ledger, clock)
    event = PersonalDataErased(requested_by="Ann", reason="asked")
    ledger.erase(Erasure(contact_id=contact, event=event)).result(30)
    assert ledger.event(ledger.head()).occurred_at == NOON


@pytest.mark.parametrize("reopened", [False, True])
def test_an_event_without_an_instant_sent_again_is_the_same(
    ledger: Ledger, clock: HandClock, tmp_path: Path, reopened: bool
) -> None:
    """Although the instant that the ledger filled in is not the instant of recording."""
    put_back(ledger, clock)
    contact, sale = registered(ledger), uuid4()
    first = append(ledger, draft(contact, "purchase-made", SALE, id=sale))
    clock.move(3600)
    if reopened:
        ledger.close()
        ledger = open_ledger(tmp_path, clock)
    again = append(ledger, draft(contact, "purchase-made", SALE, id=sale))
    assert again.replayed
    assert again.position == first.position
    said = draft(contact, "purchase-made", SALE, id=sale, occurred_at=NOON)
    assert append(ledger, said).replayed
    with pytest.raises(EventIdReused):
        append(ledger, said._replace(occurred_at=NOON + 1))
    ledger.close()


def test_an_event_with_an_instant_is_another_than_one_without(
    ledger: Ledger, clock: HandClock
) -> None:
    put_back(ledger, clock)
    contact, sale = registered(ledger), uuid4()
    append(ledger, draft(contact, "purchase-made", SALE, id=sale, occurred_at=NOON - HOUR))
    with pytest.raises(EventIdReused):
        append(ledger, draft(contact, "purchase-made", SALE, id=sale))


def test_that_the_clock_fell_behind_and_caught_up_is_logged_once(
    ledger: Ledger, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    put_back(ledger, clock)
    for _ in range(3):
        registered(ledger)
        assert ledger.recording.clock_behind_seconds() == 2 * DAYS
    clock.move(2 * DAYS)
    for _ in range(3):
        registered(ledger)
        assert ledger.recording.clock_behind_seconds() == 0
    said = [one.getMessage() for one in caplog.records if one.name == "rapport.ledger"]
    assert len(said) == 2
    assert said[0].startswith("the clock lies 172800 s behind the newest event of ledger main")
    assert said[1] == "the clock has caught up with ledger main"


def test_it_is_logged_where_a_ledger_is_opened_under_a_clock_behind(
    ledger: Ledger, clock: HandClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.close()
    clock.move(-60)
    open_ledger(tmp_path, clock).close()
    assert "the clock lies 60 s behind" in caplog.text


def test_less_than_a_second_is_nothing(ledger: Ledger, clock: HandClock) -> None:
    clock.instant -= SECOND - 1
    assert ledger.recording.clock_behind_seconds() == 0


def test_what_is_signed_keeps_its_order_too(ledger: Ledger, clock: HandClock) -> None:
    """Whoever verifies the log takes a checkpoint signed before a smaller one for a fault."""
    put_back(ledger, clock)
    ahead = ledger.transparency.sign_head().signed_at
    registered(ledger)
    assert ledger.transparency.sign_head().signed_at >= ahead
