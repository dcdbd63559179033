"""What differs between two judgements of one contact, and between two policies.

Source: the domain document, section 8: what a version would have said for any period.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.kinds import escape_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from domain.evidence import SignalReading
    from domain.intervals import Interval
    from domain.relationship import Relationship


class Stretch(NamedTuple):
    """A time in which two judgements say different stages, up to, not including, ``to_at``.

    ``to_at`` is None where it lasts beyond the window that was looked at.
    """

    from_at: int
    to_at: int | None
    before: str
    after: str


@dataclass(frozen=True)
class Switch:
    """A signal that reads differently in two judgements; None in one that knows no facts."""

    name: str
    before: SignalReading | None
    after: SignalReading | None


@dataclass(frozen=True)
class FieldChange:
    """A field of two documents with what either says; ``pointer`` is an RFC 6901 JSON Pointer.

    What a document does not have is None, as null is.
    """

    pointer: str
    before: object
    after: object


def stretches(
    before: Sequence[Interval], after: Sequence[Interval], from_at: int, to_at: int
) -> list[Stretch]:
    """Where two histories of stages differ from ``from_at`` to ``to_at``, both included."""
    starts = {interval.from_at for interval in (*before, *after)}
    instants = [from_at, *sorted(start for start in starts if from_at < start <= to_at)]
    found: list[Stretch] = []
    for place, at in enumerate(instants):
        ends_at = instants[place + 1] if place + 1 < len(instants) else None
        ours, theirs = _stage_at(before, at), _stage_at(after, at)
        if ours == theirs:
            continue
        last = found[-1] if found else None
        if last is not None and last.to_at == at and (last.before, last.after) == (ours, theirs):
            found[-1] = last._replace(to_at=ends_at)
        else:
            found.append(Stretch(at, ends_at, ours, theirs))
    return found


def _stage_at(intervals: Sequence[Interval], at: int) -> str:
    """The stage at an instant: ``contact`` before the first interval."""
    place = bisect_right(intervals, at, key=attrgetter("from_at"))
    return intervals[place - 1].stage if place else "contact"


def switches(before: Relationship, after: Relationship) -> tuple[Switch, ...]:
    """The signals that are on in one judgement only, or give other points, in their fixed order."""
    ours = {reading.name: reading for reading in before.signals()}
    theirs = {reading.name: reading for reading in after.signals()}
    found = (Switch(name, ours.get(name), theirs.get(name)) for name in ours | theirs)
    return tuple(one for one in found if _on_and_points(one.before) != _on_and_points(one.after))


def _on_and_points(reading: SignalReading | None) -> tuple[bool, int]:
    return (reading.on, reading.points) if reading else (False, 0)


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Every field in which two documents differ, in the order of their pointers."""
    ours, theirs = dict(_leaves(before, "")), dict(_leaves(after, ""))
    return tuple(
        FieldChange(pointer, ours.get(pointer), theirs.get(pointer))
        for pointer in sorted(ours | theirs)
        if ours.get(pointer) != theirs.get(pointer)
    )


def _leaves(document: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        place = f"{pointer}/{escape_pointer(name)}"
        if isinstance(value, dict):
            yield from _leaves(value, place)
        else:
            yield place, value
