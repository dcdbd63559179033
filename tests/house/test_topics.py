"""What is stored can be read for ever: topics are words of their own, not places in the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.events import CATALOGUE, Event

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_every_topic_is_written_out_and_names_no_module() -> None:
    for topic, made in CATALOGUE.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", topic)
        assert topic == made.TYPE


def test_every_event_class_is_in_the_catalogue() -> None:
    assert {made for made in _kinds_of(Event) if not made.__subclasses__()} == set(
        CATALOGUE.values()
    )


def _kinds_of(made: type[Event]) -> Iterator[type[Event]]:
    for kind in made.__subclasses__():
        yield kind
        yield from _kinds_of(kind)


def test_every_event_says_what_happened_in_the_world() -> None:
    assert [topic for topic, made in CATALOGUE.items() if len(made.__doc__ or "") < 15] == []
