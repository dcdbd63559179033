"""An example is an instance of its model, and a new field brings its own example along."""

from __future__ import annotations

import pytest
from pydantic import Field, ValidationError

from api.http.openapi.example import example
from api.service.answers.document import Document


class Part(Document):
    """A part of an answer, which has learned something."""

    name: str
    size: int = Field(examples=[3, 4])


class Whole(Document):
    """An answer with parts."""

    parts: tuple[Part, ...]
    spare: Part | None
    from_: str = Field(alias="from", examples=["here"])
    note: str


def test_a_field_without_a_value_shows_its_first_example() -> None:
    """In parts too, whether there are many of them or one that may be null."""
    values = {"parts": [{"name": "a"}, {"name": "b", "size": 9}], "note": "n"}
    assert example(Whole, {**values, "spare": {"name": "c"}}).plain() == {
        "parts": [{"name": "a", "size": 3}, {"name": "b", "size": 9}],
        "spare": {"name": "c", "size": 3},
        "from": "here",
        "note": "n",
    }
    assert example(Whole, {**values, "spare": None, "from": "there"}).from_ == "there"


def test_a_field_with_neither_a_value_nor_an_example_is_told() -> None:
    with pytest.raises(ValidationError, match="note"):
        example(Whole, {"parts": [], "spare": None})
