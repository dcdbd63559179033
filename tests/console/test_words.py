"""The words of pages: every type of event, kind of item and amount has some."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import pytest

from api.console.event_form import form_fields, typed_data
from api.console.rendering import STATIC, Words
from api.console.vocabulary import ACTS, KINDS, QUICK_ACTS
from domain.agenda import items
from domain.errors import Invalid
from domain.events import CATALOGUE
from domain.instants import DAY, parse_instant

HTMX = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
"""SHA-256 of htmx 4.0.1, minified, as it is published."""


def test_every_type_of_event_and_kind_of_item_has_words() -> None:
    assert set(ACTS) == set(CATALOGUE)
    assert set(KINDS) == set(items.KINDS)
    assert {name for _, name, _ in QUICK_ACTS} <= set(CATALOGUE)


@pytest.mark.parametrize("name", sorted(one for one in CATALOGUE if CATALOGUE[one].FROM_PRODUCERS))
def test_every_event_that_people_record_has_a_form(name: str) -> None:
    cls = CATALOGUE[name]
    fields = form_fields(cls, {}, {})
    assert {one.name for one in fields} == {field.name for field in cls.FIELDS}
    assert all(one.label for one in fields)


def test_what_is_typed_is_read_as_the_kinds_of_the_fields_say() -> None:
    typed = {
        "purchase_id": "t1",
        "amount_minor": "12,50 EUR",
        "currency": "EUR",
        "initiated_by": "contact",
        "items": "two coffees\na cake",
        "category": "",
    }
    assert typed_data(CATALOGUE["purchase-made"], typed, "UTC") == {
        "purchase_id": "t1",
        "amount_minor": 1250,
        "currency": "EUR",
        "initiated_by": "contact",
        "items": ["two coffees", "a cake"],
    }
    with pytest.raises(Invalid):
        CATALOGUE["purchase-made"].read(
            typed_data(CATALOGUE["purchase-made"], {**typed, "amount_minor": "much"}, "UTC")
        )


def test_days_are_said_as_one_says_them_where_the_ledger_is() -> None:
    now = parse_instant("2026-03-01T23:30:00Z")  # already 2 March in Amsterdam, a Monday
    words = Words("Europe/Amsterdam", now)
    said = [words.day(now + days * DAY) for days in (-1, 0, 1, 3, 40)]
    assert said == ["yesterday", "today", "tomorrow", "Thursday", "11 April"]
    assert words.day_ahead(1) == parse_instant("2026-03-02T23:00:00Z")
    assert words.field(now) == "2026-03-02T00:30"


def test_htmx_is_the_one_that_was_published() -> None:
    content = (files("api.console") / "static" / "htmx.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == HTMX
    assert (files("api.console") / "static" / "htmx.license.txt").is_file()
    assert all((files("api.console") / "static" / name).is_file() for name in STATIC)
