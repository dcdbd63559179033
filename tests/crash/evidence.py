"""What must hold of a log, whatever happened to the server that wrote it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from api.client import RecordedEvent
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
    found = {event.id: by_id[event.id].position for _, event in sent.pairs if event.id in by_id}
    if sent.positions is not None:
        assert found == sent.positions, "what was acknowledged is lost or elsewhere"
    if not found:
        return
    assert len(found) == len(sent.pairs), "a batch is there in part"
    together = [*found.values(), *(companions[i].position for i in found if i in companions)]
    assert sorted(together) == list(range(min(together), min(together) + len(together)))
    for contact, event in sent.pairs:
        recorded = by_id[event.id]
        assert (recorded.contact_id, recorded.type) == (contact, event.type)
        assert recorded.data.keys() == event.data.keys()
