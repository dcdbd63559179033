"""The answer that follows from the events of a receipt, by the functions that answer a route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from api.service.answers.document import KnownAt
from api.service.answers.status import Status
from api.service.questions import group_of, subject_in
from api.service.receipts.evidence import Shelf, rests_on
from api.service.receipts.form import ReceiptRefused
from domain.aliases import aliases_in
from domain.errors import ContactNotFound, Invalid
from domain.events.governance import PolicyPublished
from domain.instants import zone_names
from domain.kept_policies import read_kept_policy
from domain.policy import digest
from domain.recorded import POLICY_STREAM
from domain.relationship import fold
from domain.timeline import timeline_of
from ledger.published_policies import policy_version

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from api.service.receipts.form import Receipt
    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline, PolicyVersion


@dataclass(frozen=True)
class FoldedReceipt:
    """What follows: who answers, by which events, and the whole answer."""

    survivor: UUID
    members: tuple[UUID, ...]
    events: list[RecordedEvent]
    in_ledger_time_zone: bool
    answer: dict[str, Any]


@dataclass(frozen=True)
class _RepeatedQuestion:
    """The question as the answer repeats it."""

    as_of: int
    as_known_at: KnownAt


def fold_again(
    receipt: Receipt,
    events: Sequence[RecordedEvent],
    policies: Sequence[RecordedEvent],
    recorded_at: int,
) -> FoldedReceipt:
    """The answer to the receipt's question; ``recorded_at`` is of the position known at.

    Raises:
        ReceiptRefused: the events are more or fewer than the question needs.
    """
    for place, recorded in enumerate(events):
        if recorded.position > receipt.position:
            _refuse(f"/events/{place}/position", "was not known yet")
    aliases = aliases_in(events)
    survivor, group = group_of(Shelf(events), aliases, receipt.position, receipt.contact_id)
    members = aliases.members(survivor)
    needed = rests_on(group, members)
    _require_gapless([one for one in needed if one.contact_id in set(members)], "/events")
    _require_exactly(events, needed)
    try:
        subject = subject_in(survivor, group)
    except ContactNotFound:
        _refuse("/events", "the contact is not registered by them")
    in_ledger_time_zone = subject.history.time_zone is None
    zone = receipt.ledger_time_zone
    if zone is not None and (not in_ledger_time_zone or zone not in zone_names()):
        _refuse("/ledger_time_zone", "is none, or does not matter here")
    timeline = _timeline(receipt, policies)
    found = fold(subject.history, timeline, zone, receipt.as_of)
    asked = _RepeatedQuestion(
        receipt.as_of,
        KnownAt(position=receipt.position, recorded_at=recorded_at),
    )
    answer = Status.of_question(asked, subject, found).plain()
    return FoldedReceipt(survivor, members, needed, in_ledger_time_zone, answer)


def _require_exactly(events: Sequence[RecordedEvent], needed: Sequence[RecordedEvent]) -> None:
    """No event beside those that the answer rests on."""
    positions = {one.position for one in needed}
    for place, recorded in enumerate(events):
        if recorded.position not in positions:
            _refuse(f"/events/{place}", "has nothing to do with the contact")


def _require_gapless(events: Sequence[RecordedEvent], pointer: str) -> None:
    """Versions of every stream count from 1."""
    newest: dict[UUID, int] = {}
    for recorded in events:
        right = newest.get(recorded.contact_id, 0) + 1
        if recorded.version != right:
            where = f"version {right} of stream {recorded.contact_id}"
            _refuse(pointer, f"{where} is missing: after it comes {recorded.version}")
        newest[recorded.contact_id] = right


def _timeline(receipt: Receipt, policies: Sequence[RecordedEvent]) -> PolicyTimeline:
    """The policies known by then, or the one that was asked for."""
    _require_gapless(policies, "/policies")
    versions = [_policy_version(recorded, place) for place, recorded in enumerate(policies)]
    if not versions:
        _refuse("/policies", "must not be empty")
    if len({one.version for one in versions}) < len(versions):
        _refuse("/policies", "has a version twice")
    if receipt.policy_version is not None:
        if versions[-1].version != receipt.policy_version:
            _refuse("/policies", f"does not end with version {receipt.policy_version}")
        return timeline_of(versions).only(receipt.policy_version)
    if versions[-1].position > receipt.position:
        _refuse(f"/policies/{len(versions) - 1}", "was not known yet")
    return timeline_of(versions)


def _policy_version(recorded: RecordedEvent, place: int) -> PolicyVersion:
    event, pointer = recorded.event, f"/policies/{place}"
    if not isinstance(event, PolicyPublished) or recorded.contact_id != POLICY_STREAM:
        _refuse(pointer, "is no published policy")
    if digest(event.policy) != event.sha256:
        _refuse(pointer, "has a digest that is not that of its document")
    try:
        return policy_version(recorded, read_kept_policy(event.policy))
    except Invalid as error:
        _refuse(pointer, f"is no policy: {error}")


def _refuse(pointer: str, reason: str) -> NoReturn:
    raise ReceiptRefused(pointer, reason)
