"""Events of every type with a marker in every personal field that can hold one."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from domain.events import CATALOGUE
from domain.kinds import Text, Whole
from domain.nested_kinds import Attributes, Items, References
from tests.domain.scenario import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.events import Event
    from domain.kinds import Kind

Json = dict[str, Any]

LAST = ("contact-merged", "merge-reversed")
"""Sent after all others: a merged contact takes nothing else."""


class Markers:
    """Words that stand nowhere else, each with the field that it was planted in."""

    def __init__(self, person: str) -> None:
        self._person = person
        self._numbers = count(1)
        self.planted: dict[str, str] = {}

    def new(self, field: str) -> str:
        """Another marker, for this field."""
        marker = f"Zq{self._person}{next(self._numbers):03}xW"
        self.planted[marker] = field
        return marker

    def found_in(self, text: str | bytes) -> dict[str, str]:
        """The markers that stand in there, however they are written."""
        content = text.encode() if isinstance(text, str) else text
        lowered = content.lower()
        return {
            marker: field
            for marker, field in self.planted.items()
            if marker.lower().encode() in lowered or marker.encode("utf-16-le") in content
        }

    def value(self, kind: Kind, field: str) -> object:
        """What such a field takes, with a marker in it; None for numbers, which hold none."""
        match kind:
            case Text():
                return self.new(field)
            case Items():
                return [self.new(field), {"what": self.new(field)}]
            case Attributes():
                return {"what": self.new(field)}
            case References():
                return [{"source": "pos", "ref": self.new(field)}]
            case Whole():
                return None
        raise AssertionError(f"no marker is known for {field}: {kind}")

    def data(self, cls: type[Event], other: str) -> Json:
        """Data of an event: the example, with every personal field filled and marked."""
        data = dict(EXAMPLES[cls.TYPE])
        for field in cls.FIELDS:
            if field.personal:
                marked = self.value(field.kind, f"{cls.TYPE}.{field.name}")
                data[field.name] = data.get(field.name, 1) if marked is None else marked
            elif field.name in ("other", "into"):
                data[field.name] = other
        if "kind" in data and cls.TYPE.startswith("contact-detail-"):
            data["kind"] = "postal"  # the one kind in which a marker is a value
        return data

    def details(self) -> Iterator[Json]:
        """A detail of each kind that has a form of its own, with a marker in it."""
        learned = "contact-detail-learned"
        yield {"kind": "email", "value": f"{self.new(f'{learned}.email')}@example.org"}
        yield {"kind": "email", "value": f"a@{self.new(f'{learned}.email, host')}.org"}
        yield {"kind": "phone", "value": f"+31 20 794 60 18 {self.new(f'{learned}.phone')}"}
        yield {"kind": "handle", "value": f"@{self.new(f'{learned}.handle')}"}


def story(markers: Markers, other: str) -> list[Json]:
    """One event of every type that clients send, in an order in which they can be recorded.

    And details of every kind.
    """
    types = [cls for cls in CATALOGUE.values() if cls.FROM_PRODUCERS]
    types.sort(key=lambda cls: (cls.TYPE in LAST, list(EXAMPLES).index(cls.TYPE)))
    ids = {cls.TYPE: str(uuid4()) for cls in types}
    events = []
    for cls in types:
        data = markers.data(cls, other)
        if cls.TYPE == "event-retracted":
            data["target"] = ids["gesture-made"]
        if cls.TYPE == "event-corrected":
            data = {
                "target": ids["sale-declined"],
                "data": markers.data(CATALOGUE["sale-declined"], other),
            }
        actor = markers.new(f"{cls.TYPE}, actor")
        events.append({"id": ids[cls.TYPE], "type": cls.TYPE, "data": data, "actor": actor})
    learned = [{"type": "contact-detail-learned", "data": data} for data in markers.details()]
    return [events[0], *learned, *events[1:]]
