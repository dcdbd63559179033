"""What one append does: places, ids, replays, preconditions, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from domain.errors import EventIdReused, FieldError, Invalid, Refused, VersionMismatch
from domain.events.governance import EventCorrected, PolicyPublished
from domain.events.service import PromiseMade
from domain.instants import DAY
from domain.recorded import POLICY_STREAM
from ledger.drafts import Draft
from tests.ledger.given import ANN, NOON, SALE, append, draft, open_ledger, registered
from tests.ledger.inside import keys_of

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.ledger import Ledger
    from tests.ledger.given import HandClock

BAD = Invalid([FieldError("/data/guests", "missing", "is required")])


def bad_draft(contact_id: UUID, event_id: UUID | None = None) -> Draft:
    return Draft(contact_id=contact_id, type="visit-made", id=event_id, problem=BAD)


def test_the_first_event_of_a_ledger_is_its_policy(ledger: Ledger) -> None:
    first = ledger.event(1)
    assert first.contact_id == POLICY_STREAM
    assert isinstance(first.event, PolicyPublished)
    assert (first.event.policy_version, first.event.effective_from) == (1, 0)


def test_an_append_gives_versions_positions_and_a_time_ordered_id(ledger: Ledger) -> None:
    contact_id = uuid4()
    appended = append(
        ledger,
        draft(contact_id, "contact-registered", ANN),
        draft(contact_id, "visit-made", {"guests": 2}),
    )
    first, second = appended.events
    assert (appended.version, appended.position, appended.replayed) == (2, 3, False)
    assert (first.version, first.position, second.version, second.position) == (1, 2, 2, 3)
    assert first.id.version == second.id.version == 7
    assert first.id < second.id
    assert first.recorded_at == NOON


def test_an_event_without_a_time_occurred_when_it_was_recorded(ledger: Ledger) -> None:
    contact_id = registered(ledger)
    assert ledger.event(2).occurred_at == NOON
    append(ledger, draft(contact_id, "visit-made", {"guests": 0}, occurred_at=NOON - DAY))
    assert ledger.event(3).occurred_at == NOON - DAY


def test_the_time_of_recording_never_decreases(ledger: Ledger, clock: HandClock) -> None:
    contact_id = registered(ledger)
    clock.move(-3600)
    append(ledger, draft(contact_id, "visit-made", {"guests": 0}))
    assert ledger.event(3).recorded_at == NOON


def test_the_time_of_recording_never_decreases_over_a_restart(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    contact_id = registered(ledger)
    ledger.close()
    clock.move(-3600)
    ledger = open_ledger(tmp_path, clock)
    append(ledger, draft(contact_id, "visit-made", {"guests": 0}))
    assert ledger.event(3).recorded_at == NOON
    ledger.close()


def test_what_was_appended_reads_back_as_it_was_sent(ledger: Ledger) -> None:
    contact_id, cause, event_id = registered(ledger), uuid4(), uuid4()
    sent = Draft(
        contact_id=contact_id,
        type="purchase-made",
        id=event_id,
        occurred_at=NOON - 5,
        source="till",
        actor="Bea",
        causation_id=cause,
        event=draft(contact_id, "purchase-made", {**SALE, "items": ["tea"]}).event,
    )
    append(ledger, sent)
    read = ledger.event(3)
    assert read.event == sent.event
    assert (read.id, read.occurred_at, read.source) == (event_id, NOON - 5, "till")
    assert (read.actor, read.causation_id) == ("Bea", cause)


class TestReplays:
    """An id is known when an event with it is stored, for ever."""

    def test_the_same_event_again_is_answered_with_its_first_place(
        self, ledger: Ledger, clock: HandClock
    ) -> None:
        contact_id, event_id = registered(ledger), uuid4()
        sale = draft(contact_id, "purchase-made", SALE, id=event_id, actor="Bea")
        first = append(ledger, sale)
        clock.move(60)
        append(ledger, draft(contact_id, "visit-made", {"guests": 0}))
        again = append(ledger, sale)
        assert again.replayed
        assert again.events[0].position == first.events[0].position == 3
        assert again.events[0].recorded_at == NOON
        assert again.version == 3
        assert ledger.head() == 4

    def test_a_replay_is_known_after_a_restart(self, tmp_path: Path, clock: HandClock) -> None:
        ledger = open_ledger(tmp_path, clock)
        contact_id = registered(ledger)
        sale = draft(contact_id, "purchase-made", {**SALE, "items": [{"a": 1}]}, id=uuid4())
        append(ledger, sale)
        ledger.close()
        clock.move(60)
        ledger = open_ledger(tmp_path, clock)
        assert append(ledger, sale).replayed
        ledger.close()

    @pytest.mark.parametrize(
        "change",
        [
            {"actor": "Cas"},
            {"source": "web"},
            {"causation_id": UUID(int=8)},
            {"causation_id": None},
            {"occurred_at": NOON - 1},
            {"data": {**SALE, "amount_minor": 451}},
            {"data": {**SALE, "items": [{"gift": 1}]}},
            {"data": {**SALE, "items": None}},
            {"type_name": "visit-made", "data": {"guests": 0}},
            {"contact_id": UUID("9c7b33c4-4003-4f67-8b33-ffdafa323bf2")},
        ],
        ids=str,
    )
    def test_an_id_with_other_content_is_refused_with_the_first_position(
        self, ledger: Ledger, change: dict[str, object]
    ) -> None:
        contact_id, event_id = registered(ledger), uuid4()
        sent: dict[str, object] = {
            "contact_id": contact_id,
            "type_name": "purchase-made",
            "data": {**SALE, "items": [{"gift": True}]},
            "source": "till",
            "actor": "Bea",
            "occurred_at": NOON,
            "causation_id": UUID(int=7),
        }
        append(ledger, draft(**sent, id=event_id))  # type: ignore[arg-type]  # mixed on purpose
        with pytest.raises(EventIdReused) as raised:
            append(ledger, draft(**{**sent, **change}, id=event_id))  # type: ignore[arg-type]  # the same
        assert raised.value.position == 3

    def test_an_absent_time_equals_the_one_that_the_ledger_filled_in(
        self, ledger: Ledger, clock: HandClock
    ) -> None:
        contact_id, event_id = registered(ledger), uuid4()
        append(ledger, draft(contact_id, "visit-made", {"guests": 0}, id=event_id))
        clock.move(60)
        for occurred_at in (None, NOON):
            visit = draft(
                contact_id, "visit-made", {"guests": 0}, id=event_id, occurred_at=occurred_at
            )
            assert append(ledger, visit).replayed

    def test_an_absent_time_is_not_the_one_that_the_producer_gave(self, ledger: Ledger) -> None:
        contact_id, event_id = registered(ledger), uuid4()
        data: dict[str, object] = {"guests": 0}
        append(ledger, draft(contact_id, "visit-made", data, id=event_id, occurred_at=NOON - 9))
        with pytest.raises(EventIdReused):
            append(ledger, draft(contact_id, "visit-made", data, id=event_id))

    def test_a_known_id_is_answered_before_validation_and_preconditions(
        self, ledger: Ledger
    ) -> None:
        contact_id, event_id = registered(ledger), uuid4()
        visit = draft(contact_id, "visit-made", {"guests": 0}, id=event_id)
        append(ledger, visit)
        with pytest.raises(EventIdReused):
            append(ledger, bad_draft(contact_id, event_id))
        assert append(ledger, visit, if_version=99).replayed

    def test_a_correction_is_compared_as_its_targets_data(self, ledger: Ledger) -> None:
        contact_id, promise, correction = registered(ledger), uuid4(), uuid4()
        append(ledger, draft(contact_id, "promise-made", {"promise_id": "a"}, id=promise))
        data: dict[str, object] = {"promise_id": "a", "summary": "call back"}
        corrected = {"target": str(promise), "data": data}
        append(ledger, draft(contact_id, "event-corrected", dict(corrected), id=correction))
        again = append(ledger, draft(contact_id, "event-corrected", dict(corrected), id=correction))
        assert again.replayed
        stored = ledger.event(4).event
        assert isinstance(stored, EventCorrected)
        assert isinstance(stored.data, PromiseMade)
        corrected["data"] = {**data, "summary": "call at once"}
        with pytest.raises(EventIdReused):
            append(ledger, draft(contact_id, "event-corrected", corrected, id=correction))

    def test_the_same_id_twice_in_a_request_is_one_event(self, ledger: Ledger) -> None:
        contact_id = registered(ledger)
        sale = draft(contact_id, "purchase-made", SALE, id=uuid4())
        appended = append(ledger, sale, sale)
        assert [(e.index, e.position, e.replayed) for e in appended.events] == [
            (0, 3, False),
            (1, 3, True),
        ]
        assert ledger.head() == 3

    def test_an_id_twice_in_a_request_with_other_content_is_refused(self, ledger: Ledger) -> None:
        contact_id, event_id = registered(ledger), uuid4()
        with pytest.raises(EventIdReused, match="twice in the request") as raised:
            append(
                ledger,
                draft(contact_id, "visit-made", {"guests": 0}, id=event_id),
                draft(contact_id, "visit-made", {"guests": 1}, id=event_id),
            )
        assert raised.value.fields() == {"event_id": str(event_id)}
        assert ledger.head() == 2

    def test_values_that_were_erased_are_left_out_of_the_comparison(self, ledger: Ledger) -> None:
        contact_id, event_id = registered(ledger), uuid4()
        data: dict[str, object] = {"promise_id": "a", "summary": "call back"}
        sent = draft(contact_id, "promise-made", data, id=event_id, actor="Bea")
        append(ledger, sent)
        forget_key(ledger, contact_id)
        assert append(ledger, sent).replayed
        without = draft(contact_id, "promise-made", {"promise_id": "a"}, id=event_id)
        assert append(ledger, without).replayed, "who sends it may have erased it too"
        other = draft(contact_id, "promise-made", {**data, "promise_id": "b"}, id=event_id)
        with pytest.raises(EventIdReused):
            append(ledger, other)


def forget_key(ledger: Ledger, contact_id: UUID) -> None:
    """Destroy a contact's key behind the ledger's back, as an erasure will."""
    keys_of(ledger).destroy([contact_id], 0)


class TestPreconditions:
    """Asked of what is left to append, before it is validated."""

    def test_a_stream_at_another_version_is_a_mismatch(self, ledger: Ledger) -> None:
        contact_id = registered(ledger)
        with pytest.raises(VersionMismatch) as raised:
            append(ledger, bad_draft(contact_id), if_version=2)
        assert raised.value.current_version == 1
        visit = draft(contact_id, "visit-made", {"guests": 0})
        assert append(ledger, visit, if_version=1).version == 2

    def test_a_new_contact_has_no_events(self, ledger: Ledger) -> None:
        contact_id = uuid4()
        registration = draft(contact_id, "contact-registered", ANN)
        assert append(ledger, registration, if_new=True).version == 1
        with pytest.raises(VersionMismatch):
            append(ledger, registration, if_new=True)


class TestRefusals:
    """What is refused leaves nothing behind."""

    def test_all_that_is_wrong_is_told_at_once(self, ledger: Ledger) -> None:
        contact_id = registered(ledger)
        late = draft(contact_id, "visit-made", {"guests": 0}, occurred_at=NOON + DAY + 1)
        with pytest.raises(Invalid) as raised:
            append(ledger, bad_draft(contact_id), late)
        assert [error.pointer for error in raised.value.errors] == [
            "/data/guests",
            "/1/occurred_at",
        ]
        assert raised.value.code == "invalid-request"

    def test_an_event_occurs_at_most_24_hours_after_its_recording(self, ledger: Ledger) -> None:
        contact_id = registered(ledger)
        data: dict[str, object] = {"guests": 0}
        append(ledger, draft(contact_id, "visit-made", data, occurred_at=NOON + DAY))
        with pytest.raises(Invalid) as raised:
            append(ledger, draft(contact_id, "visit-made", data, occurred_at=NOON + DAY + 1))
        assert raised.value.code == "invalid-time"
        assert raised.value.errors[0].pointer == "/occurred_at"

    def test_nothing_is_corrected_into_the_far_future(self, ledger: Ledger) -> None:
        contact_id, visit = registered(ledger), uuid4()
        append(ledger, draft(contact_id, "visit-made", {"guests": 0}, id=visit))
        data: dict[str, object] = {"target": str(visit), "occurred_at": "2026-03-03T00:00:00Z"}
        with pytest.raises(Invalid) as raised:
            append(ledger, draft(contact_id, "event-corrected", data))
        assert raised.value.errors[0].pointer == "/data/occurred_at"

    def test_an_append_of_many_is_refused_as_a_whole(self, ledger: Ledger) -> None:
        contact_id = registered(ledger)
        sale = draft(contact_id, "purchase-made", SALE)
        refund: dict[str, object] = {"purchase_id": "p1", "amount_minor": 451, "currency": "EUR"}
        with pytest.raises(Refused) as raised:
            append(ledger, sale, draft(contact_id, "purchase-reversed", refund))
        assert raised.value.reason == "beyond-what-is-left"
        assert raised.value.fields()["index"] == 1
        assert ledger.head() == 2
        assert append(ledger, sale).version == 2

    def test_a_corrections_data_is_pointed_at_where_it_stands(self, ledger: Ledger) -> None:
        contact_id, visit = registered(ledger), uuid4()
        append(ledger, draft(contact_id, "visit-made", {"guests": 0}, id=visit))
        corrected = draft(
            contact_id, "event-corrected", {"target": str(visit), "data": {"guests": -1}}
        )
        with pytest.raises(Invalid) as raised:
            append(ledger, draft(contact_id, "visit-made", {"guests": 0}), corrected)
        assert raised.value.errors[0].pointer == "/1/data/data/guests"

    def test_what_is_already_so_is_absent_and_its_id_is_not_remembered(
        self, ledger: Ledger
    ) -> None:
        contact_id, event_id = registered(ledger), uuid4()
        append(ledger, draft(uuid4(), "contact-registered", ANN))
        again = append(ledger, draft(contact_id, "contact-registered", ANN, id=event_id))
        assert (again.events, again.position, again.version, again.replayed) == ((), 2, 1, False)
        assert append(ledger, draft(contact_id, "visit-made", {"guests": 1}, id=event_id)).events

    def test_what_is_already_so_is_known_after_a_restart_though_it_is_sealed(
        self, tmp_path: Path, clock: HandClock
    ) -> None:
        ledger = open_ledger(tmp_path, clock)
        contact_id, visit = registered(ledger), uuid4()
        append(ledger, draft(contact_id, "visit-made", {"guests": 0}, id=visit))
        retraction = draft(
            contact_id, "event-retracted", {"target": str(visit), "reason": "no guest"}
        )
        append(ledger, retraction)
        ledger.close()
        ledger = open_ledger(tmp_path, clock)
        assert append(ledger, draft(contact_id, "contact-registered", ANN)).events == ()
        assert append(ledger, retraction).events == ()
        ledger.close()


class TestReferrals:
    """An inbound referral stands on two streams."""

    def referral(self, contact_id: UUID, other: UUID, event_id: UUID) -> Draft:
        data = {"referral_id": "r", "direction": "inbound", "other": str(other), "level": 3}
        return draft(
            contact_id,
            "referral-made",
            data,
            id=event_id,
            occurred_at=NOON - 7,
            source="crm",
            actor="Bea",
        )

    def test_referral_received_follows_at_the_next_position(self, ledger: Ledger) -> None:
        contact_id, other, event_id = registered(ledger), registered(ledger), uuid4()
        appended = append(ledger, self.referral(contact_id, other, event_id))
        assert [event.type for event in appended.events] == ["referral-made"]
        assert appended.position == 5, "what follows is stored because of it"
        received = ledger.event(5)
        assert (received.contact_id, received.version) == (other, 2)
        assert (received.type, received.occurred_at) == ("referral-received", NOON - 7)
        assert (received.causation_id, received.source) == (event_id, "crm")
        # Whoever sent it did something to one contact; the other's key must not have to seal it.
        assert (ledger.event(4).actor, received.actor) == ("Bea", None)
        assert ledger.head() == 5

    def test_a_replay_writes_no_second_referral_received(self, ledger: Ledger) -> None:
        contact_id, other = registered(ledger), registered(ledger)
        referral = self.referral(contact_id, other, uuid4())
        append(ledger, referral)
        assert append(ledger, referral).replayed
        assert ledger.version(other) == 2

    def test_it_counts_in_the_other_contacts_next_version(self, ledger: Ledger) -> None:
        contact_id, other = registered(ledger), registered(ledger)
        appended = append(
            ledger,
            self.referral(contact_id, other, uuid4()),
            draft(other, "visit-made", {"guests": 0}),
        )
        assert [(e.position, e.version) for e in appended.events] == [(4, 2), (6, 3)]
