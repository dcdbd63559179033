"""The table of CONTRIBUTING names places that are there, and counts them right."""

from __future__ import annotations

from tests.house.counts import rows_of_contributing
from tests.house.tree import ROOT

THINGS = {
    "an event", "a decision", "a signal", "an endpoint", "a field of an answer", "a projection",
    "a command", "a page", "a page of the console", "a store", "a webhook message",
}  # fmt: skip  # a list of words reads better in a block


def test_every_kind_of_addition_has_a_row() -> None:
    assert {row.thing for row in rows_of_contributing()} == THINGS


def test_every_row_names_places_that_exist_and_how_many() -> None:
    for row in rows_of_contributing():
        assert [place for place in row.places if not (ROOT / place).exists()] == []
        assert len(row.places) == row.files, row.thing
