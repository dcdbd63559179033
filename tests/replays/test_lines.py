"""Lines have the same bytes for the same content."""

from __future__ import annotations

import hashlib
import inspect
import io
import json

import pytest

from api.service.answers import previews
from api.service.answers.previews import SignalReading, SortedDocument
from api.service.replays.lines import Lines
from domain.instants import DAY

READING = SignalReading(
    on=True, points=5, threshold={"b": 1, "a": 2}, value={"née": 1, "at": 2, "run_out_at": DAY}
)


def test_a_line_is_json_with_sorted_names_and_no_white_space() -> None:
    sink = io.BytesIO()
    lines = Lines(sink)
    lines.write(READING)
    lines.write(READING)
    said = (
        '{"on":true,"points":5,"threshold":{"a":2,"b":1},'
        '"value":{"at":2,"née":1,"run_out_at":"1970-01-02T00:00:00Z"}}\n'
    )
    assert sink.getvalue() == (said * 2).encode()
    assert lines.count == 2
    assert lines.digest == hashlib.sha256(sink.getvalue()).hexdigest()


def test_without_a_sink_they_are_digested_all_the_same() -> None:
    lines = Lines()
    lines.write(READING)
    assert lines.digest == hashlib.sha256(READING.json_bytes() + b"\n").hexdigest()


def test_a_line_in_another_order_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="alphabetical"):
        type("Unsorted", (SortedDocument,), {"__annotations__": {"b": int, "a": int}})


def test_every_document_of_a_line_is_sorted() -> None:
    """Also the parts, which else would be written in the order of their declaration."""
    documents = {
        cls
        for _, cls in inspect.getmembers(previews, inspect.isclass)
        if cls.__module__ == previews.__name__
    }
    assert len(documents) > 8
    assert all(issubclass(cls, SortedDocument) for cls in documents)
    assert json.loads(READING.json_bytes()) == READING.plain()
