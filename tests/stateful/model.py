"""What a ledger must answer, in the fewest words: lists of events, and no other state.

Everything is counted anew from the events whenever it is asked for. That is slow, and leaves
nothing to go wrong.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from rapport_client import NewEvent

Pair = tuple["UUID", "NewEvent"]
Place = tuple["UUID", int, bool, "UUID | None"]
"""An event's id, its position, whether it had that before, and whom else it counts for."""
Said = tuple[str, tuple[Place, ...]]
"""``ok`` with the places of the events, or the code of the problem."""

CORRECTIONS = ("event-retracted", "event-corrected")
MERGES = ("contact-merged", "merge-reversed")


class No(Exception):
    """The ledger must refuse, with this code or reason."""


@dataclass(frozen=True)
class Asked:
    """One request: events of one contact or of several, with a condition where it is one."""

    pairs: tuple[Pair, ...]
    if_version: int | None = None
    if_new: bool = False


@dataclass
class Model:
    """All that was recorded, in order. The first position is the ledger's own first policy."""

    log: list[Pair] = field(default_factory=list)

    def copy(self) -> Model:
        return Model(list(self.log))

    def stream(self, contact: UUID) -> list[NewEvent]:
        return [event for one, event in self.log if one == contact]

    def position(self, event_id: UUID) -> int | None:
        places = {event.id: place for place, (_, event) in enumerate(self.log, 2)}
        return places.get(event_id)

    def take(self, asked: Asked) -> Said:
        """The answer; what is recorded stays, if it is not a problem."""
        before = list(self.log)
        try:
            return "ok", tuple(self._taken(asked))
        except No as no:
            self.log = before
            return str(no), ()

    def _taken(self, asked: Asked) -> list[Place]:
        known = {event.id for contact, event in asked.pairs if self._known(contact, event)}
        fresh = [pair for pair in asked.pairs if pair[1].id not in known]
        version = len(self.stream(asked.pairs[0][0]))
        if fresh and asked.if_new and version:
            raise No("version-mismatch")
        if fresh and asked.if_version not in (None, version):
            raise No("version-mismatch")
        if any(invalid(event) for _, event in fresh):
            raise No("invalid-request")
        places = []
        for contact, event in asked.pairs:
            replayed = self._known(contact, event)
            if not replayed and decide(contact, event, self.stream):
                self.log.append((contact, event))
            if (position := self.position(event.id)) is not None:
                places.append((event.id, position, replayed, contact))
        return [
            (event_id, position, replayed, self.counts_for(contact))
            for event_id, position, replayed, contact in places
        ]

    def survivor_of(self, contact: UUID) -> UUID:
        """Who stands for a contact, from merge to merge."""
        into = merged_into(self.stream(contact))
        return contact if into is None else self.survivor_of(into)

    def counts_for(self, contact: UUID) -> UUID | None:
        survivor = self.survivor_of(contact)
        return None if survivor == contact else survivor

    def has_bought(self, contact: UUID) -> bool:
        """Whether anything is left of what was bought by those who are one with the contact."""
        survivor = self.survivor_of(contact)
        for one in {one for one, _ in self.log}:
            if self.survivor_of(one) == survivor:
                stream = self.stream(one)
                for bought in effective(stream, "purchase-made"):
                    if given_back(stream, bought["purchase_id"]) < bought["amount_minor"]:
                        return True
        return False

    def _known(self, contact: UUID, event: NewEvent) -> bool:
        position = self.position(event.id)
        if position is None:
            return False
        if self.log[position - 2] != (contact, event):
            raise No("event-id-reused")
        return True


def invalid(event: NewEvent) -> bool:
    """Whether the one field that the rules get wrong is wrong."""
    return bool(event.data.get("amount_minor", 0) == -1)


def decide(contact: UUID, event: NewEvent, stream_of: Callable[[UUID], list[NewEvent]]) -> bool:
    """Whether it is recorded; not so where it is already so.

    Raises:
        No: it is refused.
    """
    stream = stream_of(contact)
    data: dict[str, Any] = dict(event.data)
    registered = registered_as(stream)
    has_merges = any(one.type in MERGES for one in stream)
    if event.type == "contact-merged" or (event.type == "merge-reversed" and has_merges):
        return _decide_merge(contact, event, stream_of)
    if event.type == "contact-registered":
        if registered is None:
            return True
        if registered == data:
            return False
        raise No("contact-already-registered")
    if registered is None and not merged_into(stream):
        raise No("contact-unregistered")
    if event.type == "merge-reversed":
        raise No("merge-unknown")
    if event.type in CORRECTIONS:
        return _decide_correction(stream, event, data)
    if event.type == "purchase-made":
        if any(_opens(one, data["purchase_id"]) for one in stream):
            raise No("id-in-use")
        return True
    _require_left(stream, data)
    return True


def _decide_merge(
    contact: UUID, event: NewEvent, stream_of: Callable[[UUID], list[NewEvent]]
) -> bool:
    stream, into = stream_of(contact), event.data["into"]
    merged = merged_into(stream)
    if event.type == "merge-reversed":
        last = [one.data["into"] for one in stream if one.type == "contact-merged"][-1:]
        if last != [into]:
            raise No("merge-unknown")
        return merged is not None
    if merged:
        if merged != into:
            raise No("contact-merged")
        return False
    if into == contact:
        raise No("merge-into-itself")
    other = stream_of(into)  # type: ignore[arg-type]  # a UUID
    if merged_into(other):
        raise No("contact-merged")
    if registered_as(other) is None:
        raise No("contact-unregistered")
    return True


def registered_as(stream: list[NewEvent]) -> dict[str, Any] | None:
    """What the contact was registered as; a name can be merged before, or without it."""
    found = (dict(one.data) for one in stream if one.type == "contact-registered")
    return next(found, None)


def merged_into(stream: list[NewEvent]) -> Any:
    """The contact that it stands for, if it is merged just now."""
    merges = [one for one in stream if one.type in MERGES]
    return merges[-1].data["into"] if merges and merges[-1].type == "contact-merged" else None


def _decide_correction(stream: list[NewEvent], event: NewEvent, data: dict[str, Any]) -> bool:
    target = next((one for one in stream if one.id == data["target"]), None)
    if target is None:
        raise No("event-unknown")
    gone = any(retracts(one, target) for one in stream)
    if event.type == "event-retracted":
        if target.type in ("contact-registered", "event-retracted", *MERGES):
            raise No("not-retractable")
        return not gone
    if target.type in ("contact-registered", *CORRECTIONS, *MERGES):
        raise No("not-correctable")
    if gone:
        return True
    others = [one for one in stream if one.id != target.id]
    if target.type == "purchase-made":
        if given_back(others, data["data"]["purchase_id"]) > data["data"]["amount_minor"]:
            raise No("beyond-what-is-left")
    else:
        _require_left(others, data["data"])
    return True


def _require_left(stream: list[NewEvent], reversal: dict[str, Any]) -> None:
    bought = [
        one["amount_minor"]
        for one in effective(stream, "purchase-made")
        if one["purchase_id"] == reversal["purchase_id"]
    ]
    if not bought:
        raise No("purchase-unknown")
    left = max(0, bought[0] - given_back(stream, reversal["purchase_id"]))
    if reversal["amount_minor"] > left:
        raise No("beyond-what-is-left")


def given_back(stream: list[NewEvent], purchase_id: str) -> int:
    reversals = effective(stream, "purchase-reversed")
    return sum(one["amount_minor"] for one in reversals if one["purchase_id"] == purchase_id)


def effective(stream: list[NewEvent], kind: str) -> list[dict[str, Any]]:
    """The data of the events of a type that count, as they count."""
    standing = [one for one in stream if not any(retracts(other, one) for other in stream)]
    found = {one.id: copy.copy(dict(one.data)) for one in standing if one.type == kind}
    for one in standing:
        if one.type == "event-corrected" and one.data["target"] in found:
            found[one.data["target"]] = one.data["data"]  # type: ignore[index,assignment]  # a UUID, and an object
    return list(found.values())


def retracts(one: NewEvent, other: NewEvent) -> bool:
    return one.type == "event-retracted" and one.data["target"] == other.id


def _opens(one: NewEvent, purchase_id: str) -> bool:
    return one.type == "purchase-made" and one.data["purchase_id"] == purchase_id
