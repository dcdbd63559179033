"""What must hold of a log, whatever happened to the server that wrote it."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from rapport_client.events import encode
from tests.crash.load import Place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from rapport_client import NewEvent, RecordedEvent, Unavailable
    from tests.crash.load import Sent

COMPANION = "referral-received"


def check(log: list[RecordedEvent], sent: Iterable[Sent]) -> None:
    """Positions and versions have no gap, and everything sent is there as it was acknowledged."""
    sent = list(sent)
    assert [event.position for event in log] == list(range(1, len(log) + 1))
    by_id = {event.id: event for event in log}
    assert len(by_id) == len(log), "an event stands twice"
    check_streams(log)
    companions = {event.causation_id: event for event in log if event.type == COMPANION}
    for one in sent:
        check_sent(one, by_id, companions)
        for refusal in one.refusals:
            check_refusal(refusal, by_line=one.by_line)
    made = {event.id for event in log if event.type == "referral-made"}
    assert made == set(companions), "a referral stands on one stream alone"
    ours = {event.id for one in sent for _, event in one.pairs}
    others = {event.type for event in log if event.id not in ours}
    assert others <= {COMPANION, "policy-published"}, "something is there that nobody sent"


def check_streams(log: list[RecordedEvent]) -> None:
    def stream(event: RecordedEvent) -> str:
        return str(event.contact_id)

    for _, events in groupby(sorted(log, key=stream), stream):  # sorting keeps the order of the log
        versions = [event.version for event in events]
        assert versions == list(range(1, len(versions) + 1))


def check_sent(
    sent: Sent,
    by_id: dict[UUID, RecordedEvent],
    companions: dict[UUID | None, RecordedEvent],
) -> None:
    """Acknowledged where it was acknowledged; else whole, in one piece, or not at all."""
    found = {event.id: by_id[event.id] for _, event in sent.pairs if event.id in by_id}
    if sent.places is not None:
        told = {event_id: place_of(found.get(event_id), place) for event_id, place in places(sent)}
        assert told == sent.places, "what was acknowledged is lost or elsewhere"
    elif sent.refusals and not sent.doubtful:
        assert not found, "it was told that nothing was recorded, and something was"
    if not found:
        return
    assert len(found) == len(sent.pairs), "a batch is there in part"
    caused = [companions[event_id] for event_id in found if event_id in companions]
    together = sorted(one.position for one in (*found.values(), *caused))
    assert together == list(range(together[0], together[0] + len(together)))
    for contact, event in sent.pairs:
        check_content(contact, event, found[event.id])
        if event.type == "referral-made":
            check_companion(contact, event, found[event.id], companions[event.id])


def places(sent: Sent) -> Iterable[tuple[UUID, Place]]:
    return (sent.places or {}).items()


def place_of(event: RecordedEvent | None, told: Place) -> Place | None:
    """Where the event stands, in as many words as it was told."""
    if event is None:
        return None
    return Place(event.position, None if told.version is None else event.version)


def check_content(contact: UUID, event: NewEvent, recorded: RecordedEvent) -> None:
    """Every value is the one that was sent."""
    assert (recorded.id, recorded.contact_id, recorded.type) == (event.id, contact, event.type)
    assert recorded.data == json.loads(encode(event.data))
    assert recorded.occurred_at == (event.occurred_at or recorded.recorded_at)
    assert recorded.source == event.source
    assert recorded.actor == event.actor
    assert recorded.causation_id == event.causation_id
    assert recorded.retracted_by is recorded.corrected_by is None


def check_companion(
    contact: UUID, event: NewEvent, recorded: RecordedEvent, companion: RecordedEvent
) -> None:
    """The referral stands on the stream of the one who was referred, and says the same."""
    data = {name: event.data[name] for name in ("referral_id", "level")}
    assert companion.contact_id == event.data["other"]
    assert companion.data == {**data, "by": str(contact)}
    assert companion.occurred_at == recorded.occurred_at
    assert (companion.source, companion.actor) == (event.source, None)


def check_refusal(refusal: Unavailable, *, by_line: bool) -> None:
    """It says what became of the request, and when to come again, for which a line has no place.

    A request that needs a database before it is handed to the committer hears of that alone.
    """
    assert (refusal.status, refusal.code) == (503, "unavailable")
    said = str(refusal)
    assert "nothing of this was recorded" in said or "database" in said, said
    assert by_line or refusal.retry_after_seconds is not None
